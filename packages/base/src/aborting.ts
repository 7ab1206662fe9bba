import type { Runtime } from './runtime.ts'

/** Calls `listener` when the signal aborts, at once where it has; until disposed of. */
export function onAbort(signal: AbortSignal, listener: () => void): Disposable {
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener, { once: true })
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) }
}

/** A signal that aborts after so long by the runtime's clock; disposing of it ends its timer, and it never aborts. */
export function deadlineAfter(milliseconds: number, runtime: Runtime): Disposable & { readonly signal: AbortSignal } {
  const expired = new AbortController()
  const cancelled = new AbortController()
  runtime.sleep(milliseconds, cancelled.signal).then(
    () => {
      if (cancelled.signal.aborted) return
      expired.abort(new DOMException(`${milliseconds} ms are over`, 'TimeoutError'))
    },
    () => {},
  )
  return { signal: expired.signal, [Symbol.dispose]: () => cancelled.abort() }
}
