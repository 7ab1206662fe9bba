import type { WorkerState } from './state.ts'

export interface Health {
  readonly ok: boolean
  readonly phase: WorkerState['phase']
  readonly sentence: string
}

/** Reports a stuck worker as not alive, so that it is restarted. A restart would not help a waiting worker. */
export function liveness({ phase, sentence }: WorkerState): Health {
  return { ok: phase !== 'stuck', phase, sentence }
}

/** Reports whether the worker does its work, or would if it had any. To reject records is part of it. */
export function readiness({ phase, sentence }: WorkerState): Health {
  return { ok: ['rejecting', 'catching up', 'caught up', 'idle'].includes(phase), phase, sentence }
}
