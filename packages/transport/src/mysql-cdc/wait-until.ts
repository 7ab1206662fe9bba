import type { Runtime } from '@millrace/base'

/** Waits for what `arrival` announces, at most so long and not beyond the signal. */
export async function waitUntil(
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
