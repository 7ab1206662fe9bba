import { Worker } from 'node:worker_threads'
import type { NewMessages } from './append.ts'
import type { BatchQuery, PartitionRange, TopicInfo } from './database.ts'
import { fromSqlite } from './embedded-error.ts'
import type { Stored } from './ids.ts'
import { prepareFile } from './prepare-file.ts'
import type { StoreContent } from './store-content.ts'
import type { StoredBatch } from './stored-batch.ts'
import type { EmbeddedRequest } from './thread.ts'

/** The embedded store: SQLite in one file, which a thread of its own reads and writes. */
export interface EmbeddedStore {
  readonly path: string
  topic(name: string): Promise<TopicInfo | undefined>
  /** Returns the topic; creates it with so many partitions if there is none. */
  openTopic(name: string, partitions: number): Promise<TopicInfo>
  /** Returns the offset of each message; a message whose id is stored already has that one's offset. */
  append(topic: TopicInfo, partition: number, messages: NewMessages, time: number): Promise<Stored[]>
  range(topic: TopicInfo, partition: number): Promise<PartitionRange>
  /** Returns all partitions; undefined where nothing was written since that version. */
  content(known: string): Promise<StoreContent | undefined>
  offsetAt(topic: TopicInfo, partition: number, time: number): Promise<number | undefined>
  read(topic: TopicInfo, partition: number, query: BatchQuery): Promise<StoredBatch[]>
  close(): Promise<void>
}

/** Maximum size of a partition: appending deletes older messages. */
const RETENTION_BYTES = 256 << 20

export function openEmbeddedStore(path: string): EmbeddedStore {
  prepareFile(path)
  const call = startThread(path)
  const topic = (name: string) => call({ op: 'topic', name }) as Promise<TopicInfo | undefined>
  return {
    path,
    topic,
    async openTopic(name, partitions) {
      const there = await topic(name)
      if (there) return there
      await call({ op: 'create', name, partitions })
      return (await topic(name)) as TopicInfo
    },
    append: ({ id }, partition, messages, time) =>
      call({ op: 'append', topic: id, partition, messages, time }) as Promise<Stored[]>,
    range: ({ id }, partition) => call({ op: 'range', topic: id, partition }) as Promise<PartitionRange>,
    content: (known) => call({ op: 'content', known }) as Promise<StoreContent | undefined>,
    offsetAt: ({ id }, partition, time) =>
      call({ op: 'offsetAt', topic: id, partition, time }) as Promise<number | undefined>,
    read: ({ id }, partition, query) => call({ op: 'read', topic: id, partition, ...query }) as Promise<StoredBatch[]>,
    close: async () => void (await call({ op: 'close' })),
  }
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: unknown
}

function startThread(path: string): (request: EmbeddedRequest) => Promise<unknown> {
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: { path, retentionBytes: RETENTION_BYTES },
    // Node 22 calls its SQLite an experiment, once a thread.
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  const open = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  let failure: unknown
  const fail = (cause: unknown) => {
    failure = fromSqlite(cause, path)
    for (const { reject } of open.values()) reject(failure)
    open.clear()
  }
  thread.on('error', fail)
  thread.on('message', ({ id, result, error }: Answer) => {
    const waiting = open.get(id)
    open.delete(id)
    if (open.size === 0) thread.unref()
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(fromSqlite(error, path))
  })
  return (request) => {
    if (failure !== undefined) return Promise.reject(failure)
    const waiting = Promise.withResolvers<unknown>()
    open.set(++lastId, waiting)
    thread.ref()
    thread.postMessage({ id: lastId, request })
    return waiting.promise
  }
}
