import type { Runtime } from '@millrace/base'
import type { Beat, Board } from './board.ts'

/** Lets others see that a worker lives; and ends the worker's leases by itself when they may see it no longer. */
export interface Heart {
  /** Another one after each failure. */
  readonly worker: string
  /** Settles when others can see what the worker says of itself now. */
  beatNow(): Promise<void>
  stop(): Promise<void>
}

/** Beats while a lease lasts. */
const BEATS = 5

export interface HeartParts {
  readonly board: Board
  readonly expiryMs: number
  readonly runtime: Runtime
  says(): Omit<Beat, 'count'>
  /** Half of the time after which others take the leases has passed without a beat that went through. */
  failed(): void
}

export function startHeart({ board, expiryMs, runtime, says, failed }: HeartParts): Heart {
  const stopping = new AbortController()
  const { signal } = stopping
  let worker = runtime.uuid()
  let count = 0
  let lastBeat = runtime.monotonic()

  const beatNow = async () => {
    const [mine, begun] = [worker, runtime.monotonic()]
    await board.beat(mine, { count: count++, ...says() })
    if (mine === worker) lastBeat = Math.max(lastBeat, begun)
  }
  const failIfSilent = () => {
    if (runtime.monotonic() - lastBeat < expiryMs / 2) return
    worker = runtime.uuid()
    lastBeat = runtime.monotonic()
    failed()
  }
  const keepBeating = async () => {
    while (!signal.aborted) {
      await runtime.sleep(expiryMs / BEATS, signal).catch(() => {})
      // After a pause of the whole process the answer is due before the next beat.
      failIfSilent()
      if (signal.aborted) return
      const patience = new AbortController()
      const left = Math.max(0, lastBeat + expiryMs / 2 - runtime.monotonic())
      const limit = runtime.sleep(left, AbortSignal.any([signal, patience.signal])).catch(() => {})
      await Promise.race([beatNow().catch(() => {}), limit])
      patience.abort()
      failIfSilent()
    }
  }
  const beating = keepBeating()
  return {
    get worker() {
      return worker
    },
    beatNow,
    async stop() {
      stopping.abort()
      await beating
    },
  }
}
