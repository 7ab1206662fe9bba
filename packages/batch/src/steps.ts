import type { Runtime } from '@millrace/base'
import type { StepTime } from '@millrace/queries'

/** A run tells what it is at: the list of its steps, each with its time. */
export interface Steps {
  readonly done: readonly StepTime[]
  /** Throws where the run is to end before its time; what is committed stays, and the next run goes on. */
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
