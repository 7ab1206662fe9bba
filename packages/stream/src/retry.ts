import { MillraceError, type Runtime } from '@millrace/base'
import type { WaitEvent } from './telemetry.ts'

const SHORTEST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000

/** Called for every failed try, and when the step succeeded or was given up. */
export interface RetryListener {
  failed(step: object, reason: MillraceError): void
  over(step: object): void
}

/** Reports waiting steps of a pipeline; it goes on when none of them waits any more. */
export function reportWaits(report: (event: WaitEvent) => void): RetryListener {
  const waiting = new Set<object>()
  return {
    failed(step, { code, message }) {
      waiting.add(step)
      report({ what: 'waits', code, message })
    },
    over(step) {
      if (waiting.delete(step) && waiting.size === 0) report({ what: 'goes on' })
    },
  }
}

/** Retries work with backoff for as long as its errors are retryable. No bytes are lost meanwhile. */
export async function withRetries<T>(
  work: () => Promise<T>,
  runtime: Runtime,
  signal: AbortSignal,
  waiting: RetryListener,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      const result = await work()
      if (tries > 0) waiting.over(work)
      return result
    } catch (error) {
      if (!(error instanceof MillraceError) || !error.retry || signal.aborted) {
        waiting.over(work)
        throw error
      }
      waiting.failed(work, error)
      const wait = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** tries)
      await runtime.sleep(wait * (0.5 + runtime.random() / 2), signal).catch(() => {})
    }
  }
}
