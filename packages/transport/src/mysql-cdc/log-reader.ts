import type { Runtime } from '@millrace/base'
import { samePosition } from '../source.ts'
import type { MysqlCdcAddress } from './address.ts'
import { type Dump, openDump } from './dump.ts'
import { createPicker, type LogMessage } from './picker.ts'
import { type Place, positionOf } from './position.ts'
import type { Decode } from './values.ts'

export interface LogReader {
  /** Waits for changes; takes at most so many bytes of them, and at least one. None: nothing came within the time. */
  take(maxBytes: number, waitMs: number, signal?: AbortSignal): Promise<LogMessage[]>
  /** Where reading goes on behind all that was taken. */
  place(): Place
  close(): void
}

/** Bytes of messages that wait to be taken; the server waits while there are more. */
const MOST_WAITING = 8 << 20

const MOVED_WAIT_MS = 50

/** Follows the log, and picks the changes of one table. */
export async function openLogReader(
  address: MysqlCdcAddress,
  table: { readonly database: string; readonly name: string },
  base: string,
  from: Place,
  decode: Decode,
  runtime: Runtime,
): Promise<LogReader> {
  const waiting: LogMessage[] = []
  const place = () => waiting[0]?.at ?? changes.place()
  let reported = from
  const changes = createPicker(table, base, from, decode, (message) => {
    waiting.push(message)
    bytes += message.value.length
  })
  let [bytes, isPaused] = [0, false]
  let failure: { readonly error: unknown } | undefined
  let arrival = Promise.withResolvers<void>()
  const notify = () => {
    arrival.resolve()
    arrival = Promise.withResolvers()
  }
  const dump: Dump = await openDump(
    address,
    { base, file: from.file, pos: from.pos },
    (event) => {
      changes.take(event)
      if (bytes > MOST_WAITING && !isPaused) {
        isPaused = true
        queueMicrotask(() => dump.pause())
      }
      notify()
    },
    (error) => {
      failure ??= { error }
      notify()
    },
    runtime,
  )
  return {
    async take(maxBytes, waitMs, signal) {
      const came = () => waiting.length > 0 || failure !== undefined
      // Where the log has gone on without a change of this table, its place is worth to be known.
      const ms = samePosition(positionOf(reported), positionOf(changes.place()))
        ? waitMs
        : Math.min(waitMs, MOVED_WAIT_MS)
      await waitUntil(came, () => arrival.promise, ms, signal, runtime)
      if (waiting.length === 0 && failure) throw failure.error
      let [taken, size] = [0, 0]
      while (taken < waiting.length && (taken === 0 || size + (waiting[taken]?.value.length ?? 0) <= maxBytes)) {
        size += waiting[taken++]?.value.length ?? 0
      }
      bytes -= size
      if (isPaused && bytes <= MOST_WAITING / 2) {
        isPaused = false
        dump.resume()
      }
      const messages = waiting.splice(0, taken)
      reported = place()
      return messages
    },
    place,
    close: () => dump.close(),
  }
}

async function waitUntil(
  done: () => boolean,
  arrival: () => Promise<void>,
  waitMs: number,
  signal: AbortSignal | undefined,
  runtime: Runtime,
): Promise<void> {
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  let isOver = false
  const over = runtime
    .sleep(waitMs, either)
    .catch(() => {})
    .then(() => {
      isOver = true
    })
  while (!done() && !isOver) await Promise.race([arrival(), over])
  stop.abort()
}
