import type { Runtime } from '@millrace/base'
import type { Sink, TargetOf } from './sink.ts'

/** Opens a sink for `rest:URL`, `api:URL` or the address of a message system. */
export async function openSink(to: string, targetOf: TargetOf, runtime: Runtime, stop: AbortSignal): Promise<Sink> {
  if (to.startsWith('rest:'))
    return (await import('./rest.ts')).restSink(to.slice('rest:'.length), targetOf, runtime, stop)
  if (to.startsWith('api:')) return (await import('./api.ts')).apiSink(to.slice('api:'.length), targetOf, runtime, stop)
  return (await import('./producer.ts')).producerSink(to, targetOf, runtime)
}
