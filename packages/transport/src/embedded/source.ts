import { combineTraits, createTurns, MillraceError, type Runtime, type Turns } from '@millrace/base'
import { type BufferPool, createBufferPool } from '../buffers.ts'
import { writeOffset } from '../offset-halves.ts'
import {
  type Block,
  endAt,
  type Partition,
  type PartitionListener,
  type Position,
  type ReadOptions,
  type Source,
  type StartPosition,
} from '../source.ts'
import type { TopicInfo } from './database.ts'
import { type EmbeddedStore, openEmbeddedStore } from './store.ts'
import { bytesOf, type StoredBatch } from './stored-batch.ts'
import { createWatch, type Watch } from './watch.ts'

/** Every partition belongs to whoever subscribes: the tables' own commits fence two workers of one group. */
export function embeddedSource(path: string, runtime: Runtime): Source {
  const store = openEmbeddedStore(path)
  const buffers = createBufferPool()
  const inTurn = createTurns()
  const watch = createWatch(store, runtime)
  const topicOf = async ({ topic: name, identity }: Partition): Promise<TopicInfo> => {
    const topic = await store.topic(name)
    if (topic?.identity !== identity) {
      throw new MillraceError('SOURCE_CHANGED', `topic ${name} of ${path} was deleted or made again`)
    }
    return topic
  }
  const partitionsOf = async (name: string): Promise<Partition[]> => {
    const { identity, partitions } = await store.openTopic(name, 1)
    return Array.from({ length: partitions }, (_, id) => ({ topic: name, identity, id: String(id) }))
  }
  const read = new Map<string, readonly Partition[]>()
  let listener: PartitionListener | undefined
  const subscribeTo = async (topics: readonly string[]) => {
    const fresh = topics.filter((topic) => !read.has(topic))
    const partitions = await Promise.all(fresh.map(partitionsOf))
    for (const [i, topic] of fresh.entries()) read.set(topic, partitions[i] ?? [])
    await listener?.assigned(partitions.flat())
  }
  return {
    url: `embedded:${path}`,
    async subscribe(topics, listens) {
      listener = listens
      await subscribeTo(topics)
    },
    async resubscribe(topics) {
      const gone = [...read.keys()].filter((topic) => !topics.includes(topic))
      const partitions = gone.flatMap((topic) => read.get(topic) ?? [])
      for (const topic of gone) read.delete(topic)
      if (gone.length > 0) await listener?.revoked(partitions)
      await subscribeTo(topics)
    },
    partitions: partitionsOf,
    resolve: async (partition, start) => resolvePosition(store, await topicOf(partition), Number(partition.id), start),
    async end(partition) {
      const { next } = await store.range(await topicOf(partition), Number(partition.id))
      return endAt([BigInt(next)])
    },
    read: (partition, from, options) => readBlock({ store, watch, buffers, inTurn, runtime }, partition, from, options),
    positionOf: (offset) => [BigInt(offset)],
    acknowledge: async () => {},
    close: () => store.close(),
  }
}

async function resolvePosition(
  store: EmbeddedStore,
  topic: TopicInfo,
  partition: number,
  start: StartPosition,
): Promise<Position> {
  const { start: first, next } = await store.range(topic, partition)
  if (start === 'earliest') return [BigInt(first)]
  if (start === 'latest') return [BigInt(next)]
  return [BigInt((await store.offsetAt(topic, partition, start.time)) ?? next)]
}

interface Reader {
  readonly store: EmbeddedStore
  readonly watch: Watch
  readonly buffers: BufferPool
  /** Readers of many partitions would hold a block each before any is counted. */
  readonly inTurn: Turns
  readonly runtime: Runtime
}

async function readBlock(
  { store, watch, buffers, inTurn, runtime }: Reader,
  partition: Partition,
  from: Position,
  { maxBytes, waitMs, signal, keys = false, room }: ReadOptions,
): Promise<Block | undefined> {
  const id = Number(partition.id)
  const at = Number(from[0])
  const deadline = runtime.monotonic() + waitMs
  for (;;) {
    const { topic, start, next } = await watch.look(partition)
    if (at < start || at > next) {
      throw new MillraceError(
        'OFFSET_OUT_OF_RANGE',
        `${partition.topic}/${id}: position ${at} is outside of ${start}–${next}`,
      )
    }
    if (at < next) {
      return inTurn(async () => {
        if (room?.open === false) await room.opened(signal)
        if (signal?.aborted) return undefined
        const batches = await store.read(topic, id, { from: at, maxBytes, keys })
        room?.claim(batches.reduce((sum, batch) => sum + bytesOf(batch), 0))
        return withBehind(blockOf(partition, at, batches, keys, buffers), next)
      })
    }
    if (runtime.monotonic() >= deadline || signal?.aborted) return undefined
    await watch.news(partition, at, deadline, signal)
  }
}

function withBehind(block: Block, next: number): Block {
  return { ...block, behind: { records: next - Number(block.to[0]) } }
}

function blockOf(
  partition: Partition,
  from: number,
  parts: readonly StoredBatch[],
  withKeys: boolean,
  buffers: BufferPool,
): Block {
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  const size = parts.reduce((sum, part) => sum + part.bytes.length, 0)
  const buffer = buffers.take(size)
  let taken: Buffer | undefined = buffer
  const ends = new Int32Array(count)
  const offsets = new BigInt64Array(count)
  const halves = new Int32Array(offsets.buffer)
  const times = new Float64Array(count)
  let index = 0
  let shift = 0
  for (const { base, time, bytes, ends: ofPart } of parts) {
    times.fill(time, index, index + ofPart.length)
    let offset = base
    for (const end of ofPart) {
      ends[index] = end < 0 ? end - shift : end + shift
      writeOffset(halves, index++, offset++)
    }
    buffer.set(bytes, shift)
    shift += bytes.length
    free(bytes)
  }
  const to: Position = [BigInt(from + count)]
  return {
    partition,
    from: [BigInt(from)],
    to,
    count,
    bytes: buffer.subarray(0, size),
    ends,
    offsets,
    times,
    traits: combineTraits(parts.map(({ traits }) => traits)),
    ...(withKeys && { keys: parts.flatMap(keysOf) }),
    recycle() {
      if (taken) buffers.give(taken)
      taken = undefined
    },
  }
}

/** Gives the memory of bytes back at once: the garbage collector would be started by so much of it. */
function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

function keysOf({ keys, count }: StoredBatch): (string | undefined)[] {
  return Array.from({ length: count }, (_, i) => keys?.[i] ?? undefined)
}
