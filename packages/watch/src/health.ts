import type { WorkerState } from './state.ts'

export interface Health {
  readonly ok: boolean
  readonly phase: WorkerState['phase']
  readonly sentence: string
}

/** A worker in which nothing moves any more should be started again. One that waits should not: it would wait again. */
export function liveness({ phase, sentence }: WorkerState): Health {
  return { ok: phase !== 'stuck', phase, sentence }
}

/** Does its work just now, or would if it had any. */
export function readiness({ phase, sentence }: WorkerState): Health {
  return { ok: ['catching up', 'caught up', 'idle'].includes(phase), phase, sentence }
}
