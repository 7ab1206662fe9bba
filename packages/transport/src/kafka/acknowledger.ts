import type { Runtime } from '@millrace/base'
import type { Partition, Position } from '../source.ts'
import type { CommittedOffset } from './group-requests.ts'

/** Commits offsets for the brokers' own lag tools: the newest of each partition, once a second at most. */
export interface Acknowledger {
  /** Settles when these, or newer ones, have been told. */
  acknowledge(positions: ReadonlyMap<Partition, Position>): Promise<void>
}

const PAUSE_MS = 1_000

type Commit = (offsets: readonly CommittedOffset[]) => Promise<void>

export function createAcknowledger(commit: Commit, runtime: Runtime, closing: AbortSignal): Acknowledger {
  const newest = new Map<string, CommittedOffset>()
  let telling: Promise<void> | undefined
  let lastTold = Number.NEGATIVE_INFINITY
  const tell = async () => {
    // Never at once: what is told a moment later goes along.
    await runtime.sleep(Math.max(0, lastTold + PAUSE_MS - runtime.monotonic()), closing).catch(() => {})
    lastTold = runtime.monotonic()
    const offsets = [...newest.values()]
    newest.clear()
    telling = undefined
    await commit(offsets)
  }
  return {
    async acknowledge(positions) {
      for (const [{ topic, id }, [offset = 0n]] of positions) {
        newest.set(`${topic}/${id}`, { topic, partition: Number(id), offset })
      }
      telling ??= tell()
      await telling
    },
  }
}
