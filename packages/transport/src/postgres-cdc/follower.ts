import type { Runtime } from '@millrace/base'
import type { PostgresCdcAddress } from './address.ts'
import { type Change, PLACES, type RowChange, sizeOf } from './changes.ts'
import type { LogMessage, Relation } from './pgoutput.ts'
import { isBefore, type LogPlace, later, placeAt } from './position.ts'
import { type LogListener, type LogStream, openStream } from './replication.ts'

export interface FollowedTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
}

export interface Taken {
  readonly changes: readonly Change[]
  /** Where reading goes on behind them. */
  readonly to: LogPlace
}

/** One stream of the log for all tables of a source: each takes its own changes. */
export interface Follower {
  /**
   * Waits for changes of the table; takes at most about so many bytes of them, and at least one. None: nothing came
   * within the time.
   */
  take(table: FollowedTable, from: LogPlace, maxBytes: number, waitMs: number, signal?: AbortSignal): Promise<Taken>
  /** Tells the server that it need not keep what comes before a place. */
  confirm(lsn: bigint): void
  /** Ends the stream; who takes on opens another one. */
  interrupt(error: unknown): void
  close(): Promise<void>
}

interface Lane {
  readonly table: FollowedTable
  readonly waiting: Change[]
  bytes: number
  /** Where the next change of the stream belongs behind; what comes before was taken or waits. */
  next: LogPlace
  /** Where the next taking begins. */
  from: LogPlace
  takers: number
  /** When it was last taken from. */
  takenAt: number
}

/** Bytes of changes that wait to be taken; the server waits while there are more. */
const MOST_WAITING = 8 << 20
const MOVED_WAIT_MS = 50
/** Who takes nothing for so long is left behind, when others wait: it is read again when it comes back. */
const LEFT_AFTER_MS = 5_000

interface Running {
  stream?: LogStream
  /** Set when it has ended; the error is undefined where another one takes its place. */
  failure?: { readonly error: unknown }
}

export function openFollower(
  address: PostgresCdcAddress,
  prepare: (tables: readonly FollowedTable[], from: bigint) => Promise<{ slot: string; publication: string }>,
  runtime: Runtime,
): Follower {
  const lanes = new Map<number, Lane>()
  const relations = new Map<number, Relation>()
  let transaction: { commit: bigint; time: number; xid: number; counts: Map<number, bigint> } | undefined
  /** Everything that was committed before it has come. */
  let passed = 0n
  let [bytes, isPaused, confirmed] = [0, false, 0n]
  let running: Running | undefined
  let starting: Promise<Running> | undefined
  let arrival = Promise.withResolvers<void>()
  const notify = () => {
    arrival.resolve()
    arrival = Promise.withResolvers()
  }
  const nextOf = (lane: Lane) => later(lane.next, placeAt(passed))
  /** Gives a stream up: nothing more is taken from it, and each table keeps its own place. */
  const giveUp = (stream: Running, error: unknown) => {
    if (stream.failure) return
    stream.failure = { error }
    for (const lane of lanes.values()) lane.next = nextOf(lane)
    passed = 0n
    transaction = undefined
    relations.clear()
    notify()
  }

  const add = (relation: Relation, lane: Lane, { op, before, after }: RowChange) => {
    if (!transaction) throw new RangeError('a change in the log is of no transaction')
    const { commit, time, xid, counts } = transaction
    const index = counts.get(relation.oid) ?? 0n
    counts.set(relation.oid, index + PLACES)
    const at: LogPlace = { phase: 'log', lsn: commit, next: index }
    const behind: LogPlace = { ...at, next: index + PLACES }
    if (!isBefore(lane.next, behind)) return
    const size = sizeOf(before, after)
    lane.waiting.push({ op, relation, before, after, at, xid, time, size })
    lane.next = behind
    lane.bytes += size
    bytes += size
  }
  const laneOf = (oid: number) => {
    const [lane, relation] = [lanes.get(oid), relations.get(oid)]
    if (lane && !relation) throw new RangeError('a change in the log is of a table that it has not described')
    return lane && relation ? { lane, relation } : undefined
  }
  const take = (message: LogMessage) => {
    if (message.what === 'begin') {
      transaction = { ...message, counts: new Map() }
    } else if (message.what === 'commit') {
      transaction = undefined
      passed = message.end
    } else if (message.what === 'relation') relations.set(message.relation.oid, message.relation)
    else if (message.what === 'truncate') {
      for (const oid of message.oids) {
        const found = laneOf(oid)
        if (found) add(found.relation, found.lane, { op: 't', before: undefined, after: undefined })
      }
    } else if (message.what !== 'other') {
      const found = laneOf(message.oid)
      if (!found) return
      const { relation, lane } = found
      if (message.what === 'insert') add(relation, lane, { op: 'c', before: undefined, after: message.after })
      else if (message.what === 'delete') add(relation, lane, { op: 'd', before: message.before, after: undefined })
      else add(relation, lane, { op: 'u', before: message.before, after: message.after })
    }
  }

  const start = async (): Promise<Running> => {
    await running?.stream?.close()
    running = undefined
    const from = [...lanes.values()].map(({ next }) => next).reduce((least, next) => (isBefore(next, least) ? next : least)).lsn
    const followed = await prepare(
      [...lanes.values()].map(({ table }) => table),
      from,
    )
    passed = from
    isPaused = false
    const mine: Running = {}
    const listener: LogListener = {
      message(message) {
        if (mine.failure) return
        take(message)
        if (bytes > MOST_WAITING && !isPaused && mine.stream) {
          isPaused = true
          mine.stream.pause()
        }
        if (message.what === 'commit' || isPaused) notify()
      },
      reached(lsn) {
        if (mine.failure) return
        if (!transaction && lsn > passed) passed = lsn
        notify()
      },
      failed: (error) => giveUp(mine, error),
    }
    mine.stream = await openStream(address, { ...followed, from }, listener, runtime).catch((error: unknown) => {
      giveUp(mine, error)
      throw error
    })
    mine.stream.confirm(confirmed)
    return mine
  }
  const ensure = async (): Promise<Running> => {
    if (running && !running.failure) return running
    starting ??= start().finally(() => {
      starting = undefined
    })
    running = await starting
    return running
  }
  /** Makes the table one of those that are followed, from this place on. */
  const join = async (table: FollowedTable, from: LogPlace): Promise<Lane> => {
    await starting?.catch(() => {})
    const known = lanes.get(table.oid)
    if (known && !isBefore(known.from, from) && !isBefore(from, known.from)) return known
    if (known) bytes -= known.bytes
    if (running && (transaction !== undefined || isBefore(from, placeAt(passed)))) giveUp(running, undefined)
    const lane = { table, waiting: [], bytes: 0, next: from, from, takers: 0, takenAt: runtime.monotonic() }
    lanes.set(table.oid, lane)
    return lane
  }
  const leaveBehind = () => {
    const now = runtime.monotonic()
    const idle = [...lanes.values()].filter((lane) => lane.takers === 0 && now - lane.takenAt > LEFT_AFTER_MS)
    for (const lane of idle) {
      lanes.delete(lane.table.oid)
      bytes -= lane.bytes
    }
    resumeIfRoom()
  }
  const resumeIfRoom = () => {
    if (!isPaused || bytes > MOST_WAITING / 2) return
    isPaused = false
    running?.stream?.resume()
  }
  const pull = (lane: Lane, maxBytes: number): Taken => {
    let [count, size] = [0, 0]
    for (const { size: each } of lane.waiting) {
      if (count > 0 && size + each > maxBytes) break
      size += each
      count++
    }
    const changes = lane.waiting.splice(0, count)
    lane.bytes -= size
    bytes -= size
    lane.from = lane.waiting[0]?.at ?? nextOf(lane)
    lane.takenAt = runtime.monotonic()
    resumeIfRoom()
    return { changes, to: lane.from }
  }
  return {
    async take(table, from, maxBytes, waitMs, signal) {
      const lane = await join(table, from)
      lane.takers++
      const stop = new AbortController()
      const pause = (ms: number) => runtime.sleep(ms, stop.signal).catch(() => {})
      let asked: Running | undefined
      try {
        let isOver = false
        const over = runtime
          .sleep(waitMs, signal ? AbortSignal.any([signal, stop.signal]) : stop.signal)
          .catch(() => {})
          .then(() => {
            isOver = true
          })
        for (;;) {
          const now = await ensure()
          if (lane.waiting.length > 0 || isOver || signal?.aborted) break
          // Where the log has gone on without a change of this table, its place is worth to be known.
          if (isBefore(from, nextOf(lane))) {
            await Promise.race([over, pause(MOVED_WAIT_MS)])
            break
          }
          if (asked !== now) now.stream?.ask()
          asked = now
          if (isPaused) leaveBehind()
          await Promise.race([arrival.promise, over, ...(isPaused ? [pause(MOVED_WAIT_MS)] : [])])
          if (now.failure?.error !== undefined && lane.waiting.length === 0) throw now.failure.error
        }
        return pull(lane, maxBytes)
      } finally {
        stop.abort()
        lane.takers--
      }
    },
    confirm(lsn) {
      if (lsn <= confirmed) return
      confirmed = lsn
      running?.stream?.confirm(lsn)
    },
    interrupt(error) {
      if (!running || running.failure) return
      giveUp(running, error)
      running.stream?.close().catch(() => {})
    },
    async close() {
      await starting?.catch(() => {})
      await running?.stream?.close()
    },
  }
}
