import { MillraceError } from '@millrace/base'
import type { Route } from '../routes/route.ts'
import type { WorkerEvent } from '../telemetry.ts'

/** Topics that a pattern found and that can't be read for now. */
export interface Postponed {
  /** Reports why, unless it is the reason of last time. */
  add(route: Route, error: unknown): void
  over(dataset: string): void
  /** Throws the first reason, if there is any. */
  throwFirst(): void
}

export function createPostponed(report: (event: WorkerEvent) => void): Postponed {
  const failures = new Map<string, MillraceError>()
  return {
    add({ dataset, topics }, error) {
      const isCoded = error instanceof MillraceError
      const failure = isCoded ? error : new MillraceError('INTERNAL', String(error), { cause: error })
      const { code, message } = failure
      const before = failures.get(dataset)
      failures.set(dataset, failure)
      if (before?.message !== message) report({ what: 'postponed', dataset, topic: topics.join(), code, message })
    },
    over: (dataset) => void failures.delete(dataset),
    throwFirst() {
      const [failure] = failures.values()
      if (failure) throw failure
    },
  }
}
