import { joinValues, MillraceError } from '@millrace/base'
import {
  type Block,
  endAt,
  type Partition,
  type PartitionListener,
  type Position,
  type Source,
} from '@millrace/transport'

/** A topic in memory whose partitions a test hands to one worker or another. */
export interface MemoryTopic {
  readonly name: string
  readonly partitions: Partition[]
  send(partition: number, ...values: (string | null)[]): void
  /** One record with a key, an id, headers, a time, or some of them. */
  sendMarked(partition: number, value: string, marks: Marks): void
  /** Everything that was sent, by offset. */
  sent(partition: number): readonly (string | null)[]
  /** What retention does: the log begins at this offset from now on. */
  forget(partition: number, before: number): void
  /** One more partition. */
  grow(): void
  /** The same name, another topic: its offsets start at 0 again. */
  recreate(): void
  /** A reader of its own; partitions come and go by the test's word. */
  source(): MemorySource
}

export interface Marks {
  readonly key?: string
  readonly id?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly sentAt?: number
}

export interface MemorySource extends Source {
  assign(...partitions: number[]): Promise<void>
  revoke(...partitions: number[]): Promise<void>
  /** Positions asked for, in order. */
  readonly reads: readonly Position[]
}

let identities = 0

/** Small, so that a few records make many blocks. */
const RECORDS_A_READ = 7
const SENT_AT = 1_700_000_000_000

export function memoryTopic(name: string, partitions: number): MemoryTopic {
  let logs: (string | null)[][] = []
  let arrivals = Promise.withResolvers<void>()
  const marks = new Map<string, Marks>()
  const begins = new Map<string, number>()
  const topic: MemoryTopic = {
    name,
    partitions: [],
    send(partition, ...values) {
      logs[partition]?.push(...values)
      arrivals.resolve()
      arrivals = Promise.withResolvers()
    },
    sendMarked(partition, value, given) {
      marks.set(`${partition}/${logs[partition]?.length}`, given)
      topic.send(partition, value)
    },
    sent: (partition) => logs[partition] ?? [],
    forget: (partition, before) => void begins.set(String(partition), before),
    grow() {
      const [{ identity } = { identity: '' }] = topic.partitions
      topic.partitions.push({ topic: name, identity, id: String(logs.push([]) - 1) })
    },
    recreate() {
      identities++
      logs = Array.from({ length: partitions }, () => [])
      topic.partitions.splice(0)
      for (let id = 0; id < partitions; id++)
        topic.partitions.push({ topic: name, identity: `id-${identities}`, id: String(id) })
    },
    source: () => memorySource(topic, () => arrivals.promise, marks, begins),
  }
  topic.recreate()
  return topic
}

function memorySource(
  topic: MemoryTopic,
  arrival: () => Promise<void>,
  marks: ReadonlyMap<string, Marks>,
  begins: ReadonlyMap<string, number>,
): MemorySource {
  const listening = Promise.withResolvers<PartitionListener>()
  const reads: Position[] = []
  const end = ({ id }: Partition): Position => [BigInt(topic.sent(Number(id)).length)]
  const pick = (ids: readonly number[]) => ids.map((id) => topic.partitions[id] as Partition)
  return {
    url: `memory:${topic.name}`,
    reads,
    assign: async (...ids) => (await listening.promise).assigned(pick(ids)),
    revoke: async (...ids) => (await listening.promise).revoked(pick(ids)),
    subscribe: async (_topics, listener) => listening.resolve(listener),
    partitions: async () => [...topic.partitions],
    resolve: async (partition, start) =>
      start === 'earliest' ? [BigInt(begins.get(partition.id) ?? 0)] : end(partition),
    end: async (partition) => endAt(end(partition)),
    async read(partition, from, { signal, keys, headers }) {
      reads.push(from)
      const at = Number(from[0])
      const all = topic.sent(Number(partition.id))
      if (at > all.length) throw new MillraceError('OFFSET_OUT_OF_RANGE', `${topic.name}: no position ${at}`)
      if (at === all.length) return waitFor(arrival(), signal)
      const values = all.slice(at, at + RECORDS_A_READ)
      const marked = values.map((_, i) => marks.get(`${partition.id}/${at + i}`))
      return {
        ...blockOf(partition, at, values),
        times: Float64Array.from(marked, (mark) => mark?.sentAt ?? SENT_AT),
        behind: { records: all.length - at - values.length },
        ...(keys && { keys: marked.map((mark) => mark?.key) }),
        ...(headers && { headers: marked.map((mark) => mark?.headers && JSON.stringify(mark.headers)) }),
        ...(marked.some((mark) => mark?.id) && { ids: marked.map((mark) => mark?.id) }),
      }
    },
    positionOf: (offset) => [BigInt(offset)],
    acknowledge: async () => {},
    close: async () => {},
  }
}

async function waitFor(arrival: Promise<void>, signal: AbortSignal | undefined): Promise<undefined> {
  const stopped = new Promise<void>((resolve) => {
    if (signal?.aborted) resolve()
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([arrival, stopped])
}

function blockOf(partition: Partition, at: number, values: readonly (string | null)[]): Block {
  const encoded = values.map((value) => (value === null ? null : new TextEncoder().encode(value)))
  return {
    ...joinValues(encoded),
    partition,
    from: [BigInt(at)],
    to: [BigInt(at + values.length)],
    offsets: BigInt64Array.from(values, (_, i) => BigInt(at + i)),
    times: new Float64Array(values.length).fill(SENT_AT),
  }
}
