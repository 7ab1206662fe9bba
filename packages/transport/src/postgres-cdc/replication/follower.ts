import type { Runtime } from '@millrace/base'
import type { PostgresCdcAddress } from '../address.ts'
import { isBefore, type LogPlace } from '../position.ts'
import { createQueues, type FollowedTable, type Queue, type Taken } from './queues.ts'
import { type Prepare, type Running, shareStream } from './shared-stream.ts'

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

const MOVED_WAIT_MS = 50
/** A table from which nobody takes for so long is left behind, when others wait: it is read again when somebody comes back. */
const LEFT_AFTER_MS = 5_000

export function openFollower(address: PostgresCdcAddress, prepare: Prepare, runtime: Runtime): Follower {
  const queues = createQueues()
  /** When each table was last taken from; those from which somebody takes now are not in it. */
  const left = new Map<Queue, number>()
  let arrival = Promise.withResolvers<void>()
  const notify = () => {
    arrival.resolve()
    arrival = Promise.withResolvers()
  }
  const stream = shareStream(address, prepare, queues, notify, runtime)
  /** Makes the table one of those that are followed, from this place on. */
  const join = async (table: FollowedTable, from: LogPlace): Promise<Queue> => {
    await stream.settled()
    const known = queues.all.get(table.oid)
    if (known && !isBefore(known.from, from) && !isBefore(from, known.from)) return known
    if (known) drop(known)
    // Also where the stream that runs need not go back: it may lack the table, or the place.
    await prepare([table], from.lsn, from.lsn)
    await stream.settled()
    if (queues.isOver(from)) stream.giveUp(undefined)
    return queues.open(table, from)
  }
  const drop = (queue: Queue) => {
    queues.drop(queue)
    left.delete(queue)
  }
  const leaveBehind = () => {
    for (const [queue, since] of left) if (runtime.monotonic() - since > LEFT_AFTER_MS) drop(queue)
    stream.resumeIfRoom()
  }
  /** Waits until changes of the table are there, the log has gone on without any, or the time is over. */
  const wait = async (queue: Queue, from: LogPlace, waitMs: number, signal: AbortSignal) => {
    const pause = (ms: number) => runtime.sleep(ms, signal).catch(() => {})
    let isOver = false
    const over = pause(waitMs).then(() => {
      isOver = true
    })
    for (let asked: Running | undefined; ; ) {
      const now = await stream.ensure()
      if (queue.waiting.length > 0 || isOver || signal.aborted) return
      if (isBefore(from, queues.nextOf(queue))) return Promise.race([over, pause(MOVED_WAIT_MS)])
      if (asked !== now) now.stream?.ask()
      asked = now
      if (stream.isPaused()) leaveBehind()
      await Promise.race([arrival.promise, over, ...(stream.isPaused() ? [pause(MOVED_WAIT_MS)] : [])])
      if (now.failure?.error !== undefined && queue.waiting.length === 0) throw now.failure.error
    }
  }
  return {
    async take(table, from, maxBytes, waitMs, signal) {
      const queue = await join(table, from)
      left.delete(queue)
      const stop = new AbortController()
      try {
        await wait(queue, from, waitMs, signal ? AbortSignal.any([signal, stop.signal]) : stop.signal)
        return queues.pull(queue, maxBytes)
      } finally {
        stop.abort()
        left.set(queue, runtime.monotonic())
        stream.resumeIfRoom()
      }
    },
    confirm: stream.confirm,
    interrupt: stream.giveUp,
    close: stream.close,
  }
}
