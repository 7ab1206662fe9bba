import type { Runtime } from '@millrace/base'
import type { Batch } from '../feed.ts'

/** Where records go. */
export interface Sink {
  /** Settles when all of them are durable. */
  send(batch: Batch): Promise<void>
  close(): Promise<void>
}

/** What a data set's topic or stream is called. */
export type TopicOf = (dataset: string) => string

/** `rest:URL`, `api:URL`, or the address of a message system. */
export async function openSink(to: string, topicOf: TopicOf, runtime: Runtime): Promise<Sink> {
  if (to.startsWith('rest:')) return (await import('./rest.ts')).restSink(to.slice('rest:'.length), topicOf, runtime)
  if (to.startsWith('api:')) return (await import('./api.ts')).apiSink(to.slice('api:'.length), topicOf, runtime)
  return (await import('./producer.ts')).producerSink(to, topicOf, runtime)
}
