import { createHash } from 'node:crypto'
import { MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import type { Partition, Position } from '../source.ts'
import { positionOf, textsOf } from './entry.ts'
import { filesOf, startKey, startsKey, startsOf, topicKey } from './layout.ts'

/** Whose archive of a topic this is. */
export interface Owner {
  readonly pipeline: string
  readonly dataset: string
}

/** Where the partitions of a topic begin, of those that were there when it was first met. */
export interface TopicStarts {
  readonly identity: string
  readonly starts: Readonly<Record<string, readonly string[]>>
}

export interface PartitionStart {
  readonly identity: string
  readonly position: readonly string[]
}

/** Returns whose the topic is, if anybody's. One pipeline has one archive of a topic: names say no more. */
export async function ownerOf(store: ObjectStore, topic: string): Promise<Owner | undefined> {
  return readJson<Owner>(store, topicKey(topic))
}

/** Returns what is known of the topic by this identity. */
export async function topicStarts(
  store: ObjectStore,
  { topic, identity }: Partition,
): Promise<TopicStarts | undefined> {
  return readJson<TopicStarts>(store, startsKey(topic, identityMark(identity)))
}

/** Returns where the partition begins, refusing one of another topic of the same name. */
export async function startOf(
  store: ObjectStore,
  partition: Partition,
  known: TopicStarts | undefined,
): Promise<Position | undefined> {
  const { topic, id, identity } = partition
  const first = known?.starts[id]
  if (first) return positionOf(first)
  const later = await readJson<PartitionStart>(store, startKey(partition))
  if (later && later.identity !== identity) throw changed(store, topic)
  if (later) return positionOf(later.position)
  for await (const key of store.keys(startsOf(topic))) {
    const other = await readJson<TopicStarts>(store, key)
    if (other && other.identity !== identity && other.starts[id]) throw changed(store, topic)
  }
  return undefined
}

function changed({ url }: ObjectStore, topic: string): MillraceError {
  return new MillraceError('SOURCE_CHANGED', `${topic} is another topic than the one archived in ${url}`)
}

/** Stores where partitions of one topic begin; false where that is stored already. */
export async function storeStarts(
  store: ObjectStore,
  owner: Owner,
  starts: readonly { readonly partition: Partition; readonly to: Position }[],
): Promise<boolean> {
  const [first] = starts
  if (!first) return true
  const { topic, identity } = first.partition
  await take(store, topic, owner)
  const whole: TopicStarts = {
    identity,
    starts: Object.fromEntries(starts.map(({ partition, to }) => [partition.id, textsOf(to)])),
  }
  if ((await putJson(store, startsKey(topic, identityMark(identity)), whole)) === 'created') return true
  const known = (await topicStarts(store, first.partition))?.starts ?? {}
  const later = starts.map(async ({ partition, to }) => {
    if (known[partition.id]) return false
    return (await putJson(store, startKey(partition), { identity, position: textsOf(to) })) === 'created'
  })
  return (await Promise.all(later)).every(Boolean)
}

/** Makes the topic this pipeline's. */
async function take(store: ObjectStore, topic: string, owner: Owner): Promise<void> {
  let found = await ownerOf(store, topic)
  if (!found) {
    for await (const key of store.keys(filesOf(topic))) {
      throw new MillraceError(
        'PROGRESS_LOST',
        `${store.url} has files of ${topic}, such as ${key}, and not their progress`,
        {
          next: 'Name another place for the archive; what others have written there can be read with it as the source.',
        },
      )
    }
    if ((await putJson(store, topicKey(topic), owner)) === 'created') return
    found = await ownerOf(store, topic)
  }
  if (found && found.pipeline === owner.pipeline && found.dataset === owner.dataset) return
  const who = found?.pipeline === owner.pipeline ? `data set ${found.dataset}` : `group ${found?.pipeline}`
  throw new MillraceError('ANOTHER_GROUP', `${store.url}: ${who} archives ${topic} there already`, {
    next: 'Name another place for this archive: each holds a topic once.',
  })
}

function identityMark(identity: string): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 16)
}

export async function readJson<T>(store: ObjectStore, key: string): Promise<T | undefined> {
  const bytes = await store.get(key)
  if (!bytes) return undefined
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as T
  } catch (cause) {
    throw new MillraceError('SOURCE_DAMAGED', `${store.url}/${key} cannot be read`, { cause })
  }
}

function putJson(store: ObjectStore, key: string, value: unknown): Promise<'created' | 'exists'> {
  return store.putIfAbsent(key, Buffer.from(JSON.stringify(value)))
}
