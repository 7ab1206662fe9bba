import { parentPort, workerData } from 'node:worker_threads'
import type { NewMessages } from './append.ts'
import { type BatchQuery, openDatabase } from './database.ts'
import type { StoredBatch } from './stored-batch.ts'

/** SQLite off the main thread: requests that wait together are made durable by one sync. */
export type EmbeddedRequest =
  | { readonly op: 'topic'; readonly name: string }
  | { readonly op: 'create'; readonly name: string; readonly partitions: number }
  | {
      readonly op: 'append'
      readonly topic: number
      readonly partition: number
      readonly messages: NewMessages
      readonly time: number
    }
  | { readonly op: 'range'; readonly topic: number; readonly partition: number }
  | { readonly op: 'content'; readonly known: string }
  | { readonly op: 'offsetAt'; readonly topic: number; readonly partition: number; readonly time: number }
  | ({ readonly op: 'read'; readonly topic: number; readonly partition: number } & BatchQuery)
  | { readonly op: 'close' }

interface Envelope {
  readonly id: number
  readonly request: EmbeddedRequest
}

/**
 * Freed at once, after which glibc keeps memory of up to this size that is freed: it would map and clear that of each
 * row of the table anew, which took a tenth of a worker's CPU time.
 */
new ArrayBuffer(30 << 20).transfer(0)

const { path, retentionBytes } = workerData as { path: string; retentionBytes: number }
const db = openDatabase(path, retentionBytes)
const port = parentPort
if (!port) throw new Error('thread.ts runs as a worker thread')

let waiting: Envelope[] = []

port.on('message', (envelope: Envelope) => {
  if (waiting.push(envelope) === 1) setImmediate(answerAll)
})

function answerAll(): void {
  const batch = waiting
  waiting = []
  const appends = batch.filter(({ request }) => request.op === 'append')
  if (appends.length > 0) answerTogether(appends)
  for (const envelope of batch) if (envelope.request.op !== 'append') answer(envelope)
  if (batch.some(({ request }) => request.op === 'close')) port?.close()
}

/** Group commit: no append is answered before the transaction that holds it is on disk. */
function answerTogether(appends: readonly Envelope[]): void {
  try {
    const results = db.inTransaction(() => appends.map(({ request }) => perform(request)))
    for (const [i, { id }] of appends.entries()) port?.postMessage({ id, result: results[i] })
  } catch (error) {
    for (const { id } of appends) port?.postMessage({ id, error })
  }
}

function answer({ id, request }: Envelope): void {
  try {
    const result = perform(request)
    port?.postMessage({ id, result }, request.op === 'read' ? memoryOf(result as StoredBatch[]) : [])
  } catch (error) {
    port?.postMessage({ id, error })
  }
}

/** Returns the memory of batches, which moves to the other thread instead of being copied twice. */
function memoryOf(batches: readonly StoredBatch[]): ArrayBuffer[] {
  return batches.flatMap(({ bytes, ends }) => [bytes.buffer as ArrayBuffer, ends.buffer as ArrayBuffer])
}

function perform(request: EmbeddedRequest): unknown {
  switch (request.op) {
    case 'topic':
      return db.findTopic(request.name)
    case 'create':
      return db.createTopic(request.name, request.partitions)
    case 'append':
      return db.append(request.topic, request.partition, request.messages, request.time)
    case 'range':
      return db.range(request.topic, request.partition)
    case 'content':
      return db.content(request.known)
    case 'offsetAt':
      return db.offsetAt(request.topic, request.partition, request.time)
    case 'read':
      return db.read(request.topic, request.partition, request)
    case 'close':
      return db.close()
  }
}
