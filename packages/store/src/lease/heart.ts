import type { Runtime } from '@millrace/base'
import type { Beat, Board } from './board.ts'

/** Lets others see that a worker lives; and ends the worker's leases by itself when they may see it no longer. */
export interface Heart {
  /** Another one after each failure. */
  readonly worker: string
  /** Others can know of it by this name. */
  readonly isKnown: boolean
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
  /** Half of the time after which others take this worker's leases has passed without a beat that went through. */
  failed(worker: string): void
}

export function startHeart({ board, expiryMs, runtime, says, failed }: HeartParts): Heart {
  const stopping = new AbortController()
  const { signal } = stopping
  let worker = runtime.uuid()
  let isKnown = false
  let count = 0
  let lastBeat = runtime.monotonic()

  const beatNow = async () => {
    const [mine, begun] = [worker, runtime.monotonic()]
    await board.beat(mine, { count: count++, ...says() })
    if (mine !== worker) return
    isKnown = true
    lastBeat = Math.max(lastBeat, begun)
  }
  const failIfSilent = () => {
    if (runtime.monotonic() - lastBeat < expiryMs / 2) return
    const silent = worker
    worker = runtime.uuid()
    isKnown = false
    lastBeat = runtime.monotonic()
    failed(silent)
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
    get isKnown() {
      return isKnown
    },
    beatNow,
    async stop() {
      stopping.abort()
      await beating
    },
  }
}
