import { MillraceError, type Runtime } from '@millrace/base'
import type { Partition } from '../source.ts'
import type { PartitionRange, TopicInfo } from './database.ts'
import type { EmbeddedStore } from './store.ts'
import type { StoreContent } from './store-content.ts'

/** Where a partition's records begin and end, and the topic that it is of. */
export interface Place extends PartitionRange {
  readonly topic: TopicInfo
}

/** Looks at the store once for all readers: of thousands of partitions most have no news most of the time. */
export interface Watch {
  /** Returns where the partition is now; fails where its topic was deleted or made again. */
  look(partition: Partition): Promise<Place>
  /** Settles when the partition may have records from `at` on, at the deadline, or when the signal aborts. */
  news(partition: Partition, at: number, deadline: number, signal: AbortSignal | undefined): Promise<void>
}

const POLL_MS = 20

type View = ReadonlyMap<string, Place>

interface Waiting {
  readonly name: string
  readonly at: number
  readonly deadline: number
  readonly signal: AbortSignal | undefined
  readonly wake: () => void
}

export function createWatch(store: EmbeddedStore, runtime: Runtime): Watch {
  let [version, view]: [string, View] = ['', new Map()]
  let [looking, next]: [Promise<View> | undefined, Promise<View> | undefined] = [undefined, undefined]
  const refresh = async () => {
    const content = await store.content(version)
    if (content) [version, view] = [content.version, viewOf(content)]
    return view
  }
  /** Whoever asks while a look is under way shares the one after it: that one sees all that was there when they asked. */
  const lookNow = (): Promise<View> => {
    if (!looking) {
      looking = refresh().finally(() => {
        looking = undefined
      })
      return looking
    }
    next ??= looking
      .catch(() => {})
      .then(() => {
        next = undefined
        return lookNow()
      })
    return next
  }
  const waiting = new Set<Waiting>()
  const isOver = ({ name, at, deadline, signal }: Waiting, now: number) => {
    if (signal?.aborted || now >= deadline) return true
    const place = view.get(name)
    return !place || at < place.start || at !== place.next
  }
  const poll = async () => {
    while (waiting.size > 0) {
      await runtime.sleep(POLL_MS)
      // Readers look themselves: what fails here fails there.
      const failed = await lookNow().then(
        () => false,
        () => true,
      )
      const now = runtime.monotonic()
      for (const each of waiting)
        if (failed || isOver(each, now)) {
          waiting.delete(each)
          each.wake()
        }
    }
  }
  return {
    async look(partition) {
      const place = (await lookNow()).get(nameOf(partition.topic, Number(partition.id)))
      if (place?.topic.identity === partition.identity) return place
      throw new MillraceError('SOURCE_CHANGED', `topic ${partition.topic} of ${store.path} was deleted or made again`)
    },
    news({ topic, id }, at, deadline, signal) {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.add({ name: nameOf(topic, Number(id)), at, deadline, signal, wake: resolve })
      if (waiting.size === 1) void poll()
      return promise
    },
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function viewOf({ partitions }: StoreContent): View {
  return new Map(
    partitions.map(([name, id, identity, count, partition, start, next]) => [
      nameOf(name, partition),
      { topic: { id, identity, partitions: count }, start, next },
    ]),
  )
}
