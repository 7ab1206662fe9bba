import type { Running } from './pipeline-index.ts'

/** The pipelines that run; more may be started until the signal. */
export function createRuns() {
  const running = new Map<Running, { readonly ended: Promise<void>; readonly stop: () => void }>()
  let begin: ((each: Running) => void) | undefined
  return {
    start: (each: Running) => begin?.(each),
    async stop(each: Running) {
      const run = running.get(each)
      run?.stop()
      await run?.ended
    },
    /** `failed` returns whether the others go on after a failure. */
    async run(
      first: readonly Running[],
      signal: AbortSignal,
      untilCaughtUp: boolean,
      failed: (each: Running, error: unknown) => Promise<boolean>,
    ): Promise<void> {
      const over = new AbortController()
      let failure: { readonly error: unknown } | undefined
      begin = (each) => {
        const own = new AbortController()
        const stopping = AbortSignal.any([signal, over.signal, own.signal])
        const ended = each.pipeline
          .run(stopping, untilCaughtUp)
          .catch(async (error: unknown) => {
            if (await failed(each, error)) return
            failure ??= { error }
            over.abort()
          })
          .finally(() => running.delete(each))
        running.set(each, { ended, stop: () => own.abort() })
      }
      for (const each of first) begin(each)
      if (!untilCaughtUp) await aborted(AbortSignal.any([signal, over.signal]))
      begin = undefined
      while (running.size > 0) await Promise.all([...running.values()].map(({ ended }) => ended))
      if (failure) throw failure.error
    },
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
