import type { Runtime } from '@millrace/base'
import type { StepTime } from '@millrace/queries'

/** Runs the steps of a run and records how long each took. */
export interface Steps {
  readonly done: readonly StepTime[]
  /** Throws if the run is to stop early. Committed work stays, and the next run continues. */
  stopIfAsked(): void
  take<T>(step: string, work: () => Promise<T>): Promise<T>
}

export function beginSteps(runtime: Runtime, signal: AbortSignal, onStep: (time: StepTime) => void): Steps {
  const done: StepTime[] = []
  return {
    done,
    stopIfAsked: () => signal.throwIfAborted(),
    async take(step, work) {
      signal.throwIfAborted()
      const started = runtime.monotonic()
      const result = await work()
      const time = { step, seconds: Math.round(runtime.monotonic() - started) / 1000 }
      done.push(time)
      onStep(time)
      runtime.crashPoint(`after ${step}`)
      return result
    },
  }
}
