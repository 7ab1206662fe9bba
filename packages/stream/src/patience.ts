import { MillraceError, type Runtime } from '@millrace/base'

const SHORTEST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000

/** Told when a step has to wait, and again with undefined when it went on. */
export type WaitListener = (reason: MillraceError | undefined) => void

/** Repeats work whose failure a retry can heal, for as long as it takes: what waits holds its bytes and loses nothing. */
export async function patiently<T>(
  work: () => Promise<T>,
  runtime: Runtime,
  signal: AbortSignal,
  waiting: WaitListener,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      const result = await work()
      if (tries > 0) waiting(undefined)
      return result
    } catch (error) {
      if (!(error instanceof MillraceError) || !error.retry || signal.aborted) throw error
      waiting(error)
      const wait = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** tries)
      await runtime.sleep(wait * (0.5 + runtime.random() / 2), signal).catch(() => {})
    }
  }
}
