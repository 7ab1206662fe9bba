import type { Runtime } from '@millrace/base'
import type { Batch } from '../feed.ts'

/** Target of records. */
export interface Sink {
  /** Resolves once all records are durable. Rejects with an AbortError if it was stopped before that. */
  send(batch: Batch): Promise<void>
  close(): Promise<void>
}

/** Topic or stream of a data set, and the key that distinguishes its records from others there. */
export interface Target {
  readonly topic: string
  readonly key?: string
}

export type TargetOf = (dataset: string) => Target

/** Opens a sink for `rest:URL`, `api:URL` or the address of a message system. */
export async function openSink(to: string, targetOf: TargetOf, runtime: Runtime, stop: AbortSignal): Promise<Sink> {
  if (to.startsWith('rest:'))
    return (await import('./rest.ts')).restSink(to.slice('rest:'.length), targetOf, runtime, stop)
  if (to.startsWith('api:')) return (await import('./api.ts')).apiSink(to.slice('api:'.length), targetOf, runtime, stop)
  return (await import('./producer.ts')).producerSink(to, targetOf, runtime)
}
