import { setImmediate as nextTurn } from 'node:timers/promises'
import { MillraceError, type Runtime } from '@millrace/base'
import type { ReadOptions } from '../../source.ts'
import { answered } from '../kafka-error.ts'
import type { Broker, Security } from '../security.ts'
import { type FetchConnection, openFetchConnection } from './fetch-connection.ts'
import { fetchRequest, type WantedPartition } from './fetch-request.ts'
import { type FetchedPartition, parseFetchResponse } from './fetch-response.ts'

/** Fetches from one broker; reads that wait at the same time share a request. */
export interface BrokerFetcher {
  /**
   * Returns the result of `use` on the partition's part of the response, which is overwritten once `use` returns; or
   * undefined when no records came until `until` on the runtime's monotonic clock. Pauses end just before `due`.
   */
  fetch<Used>(
    wanted: WantedPartition,
    until: number,
    use: (part: FetchedPartition) => Used,
    options: Pick<ReadOptions, 'signal' | 'due'>,
  ): Promise<Used | undefined>
  close(): void
}

/** Two, so that one request is under way while the response to another is parsed. */
const CONNECTIONS = 2
/** Maximum wait of a Fetch request: a read that comes just after it was sent waits as long. */
const LONGEST_POLL_MS = 100
const ANSWER_WITHIN_MS = 30_000
/** Small enough to stay in the processor's cache while it is copied into blocks. */
const RESPONSE_BYTES = 4 << 20
const PARTITION_BYTES = 1 << 20
/**
 * After a response with at most this many bytes the fetcher pauses: a slow topic would otherwise cost a request for
 * each message. Both are for so many partitions, and grow with them: a thousand slow ones would cost as many blocks as
 * messages.
 */
const FEW_BYTES = 64 << 10
const PAUSE_MS = 20
const OF_PARTITIONS = 20
const LONGEST_PAUSE_MS = 1_000
/** How long before records are due a pause ends: as long as it takes to fetch them. */
const FETCHED_WITHIN_MS = 5

interface Waiting {
  readonly wanted: WantedPartition
  readonly until: number
  readonly due: (() => number) | undefined
  readonly gone: () => boolean
  settle(part: FetchedPartition | undefined): void
  fail(error: unknown): void
}

export function openBrokerFetcher(broker: Broker, security: Security, runtime: Runtime): BrokerFetcher {
  const slots: Slot[] = Array.from({ length: CONNECTIONS }, () => ({ busy: false }))
  let queue: Waiting[] = []
  let closed = false
  let scheduled = false
  let correlation = 0
  let restsUntil = 0

  const lastCallAfter = (now: number) =>
    queue.reduce((soonest, { due }) => {
      const at = due ? due() - FETCHED_WITHIN_MS : now
      return at > now && at < soonest ? at : soonest
    }, Number.POSITIVE_INFINITY)
  /** Pauses for at least a turn of the event loop, so that readers that come back at once join the next request. */
  const rest = async () => {
    await nextTurn()
    const lastCall = lastCallAfter(runtime.monotonic())
    const left = () => Math.min(restsUntil, lastCall) - runtime.monotonic()
    for (let ms = left(); ms > 0; ms = left()) await runtime.sleep(ms)
  }
  /** Sends requests after a pause, so that reads that are called together share one. */
  const schedule = async () => {
    if (scheduled || closed) return
    scheduled = true
    await rest()
    scheduled = false
    for (const slot of slots.filter(({ busy }) => !busy)) void serve(slot)
  }
  const take = (): Waiting[] => {
    const idle = slots.filter(({ busy }) => !busy).length + 1
    queue = queue.filter((waiting) => !waiting.gone())
    return queue.splice(0, Math.ceil(queue.length / idle))
  }
  const serve = async (slot: Slot) => {
    slot.busy = true
    for (let batch = take(); batch.length > 0 && !closed; batch = take()) {
      try {
        if (!slot.connection?.usable) slot.connection = await openFetchConnection(broker, security)
        const { unanswered, few } = await exchange(slot.connection, ++correlation, batch, runtime)
        // Queued before the reads that got records and come back: these are served first next time.
        queue.push(...unanswered)
        restsUntil = few ? runtime.monotonic() + pauseFor(batch.length) : 0
        await rest()
      } catch (error) {
        slot.connection?.close()
        for (const waiting of batch) waiting.fail(error)
      }
    }
    slot.busy = false
  }
  return {
    fetch: (wanted, until, use, { signal, due }) =>
      new Promise((resolve, reject) => {
        let over = false
        const finish = (act: () => void) => {
          if (over) return
          over = true
          signal?.removeEventListener('abort', abort)
          act()
        }
        const abort = () => finish(() => resolve(undefined))
        if (signal?.aborted) return abort()
        signal?.addEventListener('abort', abort, { once: true })
        queue.push({
          wanted,
          until,
          due,
          gone: () => over,
          settle: (part) => finish(() => settleWith(part, use, resolve, reject)),
          fail: (error) => finish(() => reject(error)),
        })
        void schedule()
      }),
    close() {
      closed = true
      for (const { connection } of slots) connection?.close()
      for (const waiting of queue.splice(0)) waiting.settle(undefined)
    },
  }
}

interface Slot {
  busy: boolean
  connection?: FetchConnection
}

function settleWith<Used>(
  part: FetchedPartition | undefined,
  use: (part: FetchedPartition) => Used,
  resolve: (used: Used | undefined) => void,
  reject: (error: unknown) => void,
): void {
  try {
    resolve(part && use(part))
  } catch (error) {
    reject(error)
  }
}

interface Exchanged {
  /** The reads that got no records and go on waiting. */
  readonly unanswered: Waiting[]
  /** Whether records came, but few. */
  readonly few: boolean
}

/** Sends one request for all of these reads and settles those that got records. */
async function exchange(
  connection: FetchConnection,
  correlation: number,
  batch: readonly Waiting[],
  runtime: Runtime,
): Promise<Exchanged> {
  const soonest = Math.min(...batch.map(({ until }) => until)) - runtime.monotonic()
  const limits = { maxWaitMs: Math.max(0, Math.min(LONGEST_POLL_MS, Math.ceil(soonest))), maxBytes: RESPONSE_BYTES }
  const wanted = batch.map(({ wanted }) => ({ ...wanted, maxBytes: Math.min(wanted.maxBytes, PARTITION_BYTES) }))
  const bytes = await connection.exchange(fetchRequest(correlation, wanted, limits), ANSWER_WITHIN_MS)
  if (bytes.readInt32BE(0) !== correlation) throw new MillraceError('SOURCE_DAMAGED', 'an answer to another request')
  const byId = wanted.every(({ topic }) => 'id' in topic)
  const { error, partitions } = parseFetchResponse(bytes, byId)
  if (error !== 0) throw answered(error, 'Fetch')
  const parts = new Map(partitions.map((part) => [`${part.topic}/${part.index}`, part]))
  const now = runtime.monotonic()
  const unanswered = batch.filter((waiting) => {
    const part = parts.get(keyOf(waiting.wanted))
    const came = part && (part.end > part.start || part.error !== 0 || part.divergesAt !== undefined)
    if (!came && waiting.until > now) return true
    waiting.settle(came ? part : undefined)
    return false
  })
  return { unanswered, few: unanswered.length < batch.length && bytes.length < FEW_BYTES * manyTimes(batch.length) }
}

const manyTimes = (partitions: number) => Math.max(1, partitions / OF_PARTITIONS)
const pauseFor = (partitions: number) => Math.min(LONGEST_PAUSE_MS, PAUSE_MS * manyTimes(partitions))

function keyOf({ topic, index }: WantedPartition): string {
  return `${'id' in topic ? topic.id.toString('hex') : topic.name}/${index}`
}
