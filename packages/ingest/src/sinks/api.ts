import { MillraceError, type Runtime } from '@millrace/base'
import { httpClient, joinUrl, pause, TRIES } from './http.ts'
import { sideBySide } from './side-by-side.ts'
import type { Sink, TargetOf } from './sink.ts'

const JSON_TYPE = 'application/json'
const REQUESTS_AT_ONCE = 16
/** Temporary errors of Kinesis in the answers of API Gateway. */
const THROTTLED = /ProvisionedThroughputExceeded|LimitExceeded|InternalFailure|ServiceUnavailable/

/**
 * Sends to Kinesis behind API Gateway with `PUT {url}/streams/{stream}/record`, one request per record, as the emulators
 * of that dialect do. The default partition key is the data set's name and `-partition`. Readers of a shared stream
 * distinguish its data sets by this key.
 */
export function apiSink(url: string, targetOf: TargetOf, runtime: Runtime, stop: AbortSignal): Sink {
  const send = httpClient(runtime, stop)
  const decoder = new TextDecoder()
  return {
    async send(batch) {
      const requests = [...batch].flatMap(([dataset, records]) => {
        const { topic: stream, key = `${dataset}-partition` } = targetOf(dataset)
        const target = joinUrl(url, 'streams', stream, 'record')
        const start = `{"StreamName":${JSON.stringify(stream)},"Data":`
        const end = `,"PartitionKey":${JSON.stringify(key)}}`
        return records.map((record) => ({ target, start, record, end }))
      })
      await sideBySide(requests, REQUESTS_AT_ONCE, async ({ target, start, record, end }) => {
        const body = start + decoder.decode(record) + end
        for (let tries = 1; ; tries++) {
          const answer = await send({ method: 'PUT', url: target, contentType: JSON_TYPE, accept: JSON_TYPE, body })
          if (wasTaken(answer, target, tries)) return
          await pause(tries, runtime, stop)
        }
      })
    },
    close: async () => {},
  }
}

/** Returns whether the record was stored. By default, API Gateway answers 200 even if Kinesis refused it. */
function wasTaken(answer: unknown, url: string, tries: number): boolean {
  const { SequenceNumber, __type, message } = (answer ?? {}) as Readonly<Record<string, unknown>>
  if (typeof SequenceNumber === 'string') return true
  if (THROTTLED.test(String(__type)) && tries < TRIES) return false
  if (__type === undefined) {
    throw new MillraceError('SOURCE_UNSUPPORTED', `${url} does not answer as Kinesis behind API Gateway does`, {
      next: 'Check the address, with its stage: it is what stands before /streams/NAME/record.',
    })
  }
  const said = `${String(__type)} ${String(message ?? '')}`
  throw new MillraceError('SOURCE_UNREACHABLE', `${url} answered with ${said.trim()}`)
}
