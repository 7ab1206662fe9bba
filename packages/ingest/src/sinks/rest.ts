import { MillraceError, type Runtime } from '@millrace/base'
import { type HttpClient, httpClient, joinUrl, pause, TRIES } from './http.ts'
import { sideBySide } from './side-by-side.ts'
import type { Sink, TargetOf } from './sink.ts'

const CONTENT_TYPE = 'application/vnd.kafka.json.v2+json'
const ACCEPT = 'application/vnd.kafka.v2+json, application/json'
const RECORDS_A_REQUEST = 500
const REQUESTS_AT_ONCE = 4
/** Error code of the REST Proxy for a temporary error. */
const RETRIABLE = 2

/** Sends to a Confluent REST Proxy or a compatible server with `POST {url}/topics/{topic}`. */
export function restSink(url: string, targetOf: TargetOf, runtime: Runtime, stop: AbortSignal): Sink {
  const send = httpClient(runtime, stop)
  const decoder = new TextDecoder()
  return {
    async send(batch) {
      const requests = [...batch].flatMap(([dataset, records]) => {
        const { topic, key } = targetOf(dataset)
        const target = joinUrl(url, 'topics', topic)
        const start = key === undefined ? '{"value":' : `{"key":${JSON.stringify(key)},"value":`
        return inParts(records, RECORDS_A_REQUEST).map((part) => ({ target, start, part }))
      })
      await sideBySide(requests, REQUESTS_AT_ONCE, ({ target, start, part }) =>
        produce(
          send,
          target,
          part.map((value) => `${start}${decoder.decode(value)}}`),
          runtime,
          stop,
        ),
      )
    },
    close: async () => {},
  }
}

function inParts<Item>(items: readonly Item[], most: number): (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, i) => items.slice(i * most, (i + 1) * most))
}

/** Sends the records of one request. After a partial failure it sends only the failed records again. */
async function produce(
  send: HttpClient,
  url: string,
  records: readonly string[],
  runtime: Runtime,
  stop: AbortSignal,
): Promise<void> {
  let waiting = records
  for (let tries = 1; ; tries++) {
    const body = `{"records":[${waiting.join()}]}`
    const answer = await send({ method: 'POST', url, contentType: CONTENT_TYPE, accept: ACCEPT, body })
    const offsets = offsetsIn(answer, url, waiting.length)
    const failed = offsets.filter(isFailed)
    if (failed.length === 0) return
    const hopeless =
      failed.find(({ error_code }) => error_code !== RETRIABLE) ?? (tries === TRIES ? failed[0] : undefined)
    if (hopeless) {
      const said = `${url} refused ${failed.length} records: ${hopeless.error ?? `error ${hopeless.error_code}`}`
      throw new MillraceError('SOURCE_UNREACHABLE', said)
    }
    waiting = waiting.filter((_, i) => isFailed(offsets[i]))
    await pause(tries, runtime, stop)
  }
}

function isFailed(offset: Offset | undefined): boolean {
  return typeof offset?.error_code === 'number'
}

interface Offset {
  readonly offset?: number | null
  readonly error_code?: number | null
  readonly error?: string | null
}

/** Returns whether the value has an offset or an error. Without either, it is unknown whether the record was stored. */
function isOffset(value: unknown): value is Offset {
  const { offset, error_code } = (value ?? {}) as Readonly<Record<string, unknown>>
  return typeof error_code === 'number' || ((error_code ?? null) === null && typeof offset === 'number')
}

function offsetsIn(answer: unknown, url: string, count: number): readonly Offset[] {
  const { offsets } = (answer ?? {}) as { readonly offsets?: unknown }
  if (Array.isArray(offsets) && offsets.length === count && offsets.every(isOffset)) return offsets
  throw new MillraceError('SOURCE_UNSUPPORTED', `${url} does not answer as a Confluent REST Proxy does`, {
    next: 'Check the address: it is what stands before /topics/NAME.',
  })
}
