import type { Runtime } from '@millrace/base'
import type { PostgresCdcAddress } from '../address.ts'
import { earlier, later } from '../position.ts'
import type { FollowedTable, Queues } from './queues.ts'
import { type LogListener, type LogStream, openStream } from './replication.ts'

/** Says which slot and publication to read by, after it has made sure that they tell all of these tables. */
export type Prepare = (
  tables: readonly FollowedTable[],
  from: bigint,
  /** The place of the table that is furthest. */
  furthest: bigint,
) => Promise<{ readonly slot: string; readonly publication: string }>

export interface Running {
  stream?: LogStream
  /** Set when it has ended; the error is undefined where another one takes its place. */
  failure?: { readonly error: unknown }
}

/** The stream that fills the queues: another one takes its place when it has ended, or must go back. */
export interface SharedStream {
  /** Returns the stream that runs; starts one if need be. */
  ensure(): Promise<Running>
  /** Waits until no stream is about to start. */
  settled(): Promise<void>
  /** Ends the stream; the next one begins where the queues want it. */
  giveUp(error: unknown): void
  /** Whether the server waits, as too many changes wait to be taken. */
  isPaused(): boolean
  resumeIfRoom(): void
  confirm(lsn: bigint): void
  close(): Promise<void>
}

/** Bytes of changes that wait to be taken; the server waits while there are more. */
const MOST_WAITING = 8 << 20

export function shareStream(
  address: PostgresCdcAddress,
  prepare: Prepare,
  queues: Queues,
  notify: () => void,
  runtime: Runtime,
): SharedStream {
  let [isPaused, confirmed] = [false, 0n]
  let running: Running | undefined
  let starting: Promise<Running> | undefined
  const giveUp = (stream: Running, error: unknown) => {
    if (stream.failure) return
    stream.failure = { error }
    queues.end()
    notify()
  }
  const listenerOf = (mine: Running): LogListener => ({
    message(message, lsn) {
      if (mine.failure) return
      queues.message(message, lsn)
      if (queues.bytes > MOST_WAITING && !isPaused && mine.stream) {
        isPaused = true
        mine.stream.pause()
      }
      if (message.what === 'commit' || isPaused) notify()
    },
    reached(lsn) {
      if (mine.failure) return
      queues.reached(lsn)
      notify()
    },
    failed: (error) => giveUp(mine, error),
  })
  const start = async (): Promise<Running> => {
    await running?.stream?.close()
    running = undefined
    const followed = [...queues.all.values()]
    const places = followed.map(({ next }) => next)
    const from = places.reduce(earlier).lsn
    const by = await prepare(
      followed.map(({ table }) => table),
      from,
      places.reduce(later).lsn,
    )
    queues.begin(from)
    isPaused = false
    const mine: Running = {}
    try {
      mine.stream = await openStream(address, { ...by, from }, listenerOf(mine), runtime)
    } catch (error) {
      giveUp(mine, error)
      throw error
    }
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
  return {
    ensure,
    async settled() {
      await starting?.catch(() => {})
    },
    giveUp(error) {
      if (!running || running.failure) return
      giveUp(running, error)
      if (error !== undefined) running.stream?.close().catch(() => {})
    },
    isPaused: () => isPaused,
    resumeIfRoom() {
      if (!isPaused || queues.bytes > MOST_WAITING / 2) return
      isPaused = false
      running?.stream?.resume()
    },
    confirm(lsn) {
      if (lsn <= confirmed) return
      confirmed = lsn
      running?.stream?.confirm(lsn)
    },
    async close() {
      await starting?.catch(() => {})
      await running?.stream?.close()
    },
  }
}
