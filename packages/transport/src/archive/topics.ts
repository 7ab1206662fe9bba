import type { ObjectStore } from '@millrace/store'
import type { Partition } from '../source.ts'
import { filesOf, ROOT, startKey, startsOf } from './layout.ts'
import { ownerOf, type PartitionStart, readJson, type TopicStarts } from './starts.ts'

/** Identity of the partitions of an archive that Kafka Connect has written: it says nothing of the topic's. */
export const CONNECT = 'kafka-connect'

/** Returns the topics of an archive. */
export async function topicsIn(store: ObjectStore): Promise<string[]> {
  const [written, begun] = await Promise.all([foldersIn(store, 'topics/'), foldersIn(store, ROOT)])
  return [...new Set([...written, ...begun])].sort()
}

/** Returns the partitions of a topic, those without records too. */
export async function partitionsIn(store: ObjectStore, topic: string): Promise<Partition[]> {
  if ((await ownerOf(store, topic)) === undefined) return connectPartitions(store, topic)
  const found: Partition[] = []
  for await (const key of store.keys(startsOf(topic))) {
    const starts = await readJson<TopicStarts>(store, key)
    for (const id of Object.keys(starts?.starts ?? {})) found.push({ topic, identity: starts?.identity ?? '', id })
  }
  for (const id of await foldersIn(store, `${ROOT}${encodeURIComponent(topic)}/`)) {
    const start = await readJson<PartitionStart>(store, startKey({ topic, id, identity: '' }))
    if (start) found.push({ topic, identity: start.identity, id })
  }
  return found
}

async function connectPartitions(store: ObjectStore, topic: string): Promise<Partition[]> {
  const folders = await foldersIn(store, filesOf(topic))
  const ids = folders.flatMap((name) => /^partition=(.+)$/.exec(name)?.[1] ?? [])
  return ids.map((id) => ({ topic, identity: CONNECT, id }))
}

/** Returns the folders in a folder: of each, one object is listed. */
async function foldersIn(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = []
  for (let after: string | undefined = prefix; after !== undefined; ) {
    const next: string | undefined = await firstOf(store.keys(prefix, after))
    const name = next?.slice(prefix.length, next.indexOf('/', prefix.length))
    const isFolder = next?.includes('/', prefix.length) ?? false
    if (isFolder && name !== undefined) found.push(decodeURIComponent(name))
    // The last key that a folder can have is before this one.
    after = isFolder ? `${prefix}${name}/\u{10ffff}` : next
  }
  return found
}

async function firstOf(keys: AsyncIterable<string>): Promise<string | undefined> {
  for await (const key of keys) return key
  return undefined
}
