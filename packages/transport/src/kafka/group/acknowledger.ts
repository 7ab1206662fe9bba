import type { Runtime } from '@millrace/base'
import type { Partition, Position } from '../../source.ts'
import type { CommittedOffset } from './group-requests.ts'

/** Commits offsets for the brokers' own lag tools: the newest of each partition, once a second at most. */
export interface Acknowledger {
  /** Settles when these, or newer ones, have been committed. */
  acknowledge(positions: ReadonlyMap<Partition, Position>): Promise<void>
}

const PAUSE_MS = 1_000

type Commit = (offsets: readonly CommittedOffset[]) => Promise<void>

export function createAcknowledger(commit: Commit, runtime: Runtime, closing: AbortSignal): Acknowledger {
  const newest = new Map<string, CommittedOffset>()
  let sending: Promise<void> | undefined
  let lastSent = Number.NEGATIVE_INFINITY
  const send = async () => {
    // Waits first, so that positions that come a moment later are committed with these.
    await runtime.sleep(Math.max(0, lastSent + PAUSE_MS - runtime.monotonic()), closing).catch(() => {})
    lastSent = runtime.monotonic()
    const offsets = [...newest.values()]
    newest.clear()
    sending = undefined
    await commit(offsets)
  }
  return {
    async acknowledge(positions) {
      for (const [{ topic, id }, [offset = 0n]] of positions) {
        newest.set(`${topic}/${id}`, { topic, partition: Number(id), offset })
      }
      sending ??= send()
      await sending
    },
  }
}
