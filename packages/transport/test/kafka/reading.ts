import { systemRuntime, valueAt } from '@millrace/base'
import { type Block, openSource, type Partition, type Source } from '@millrace/transport'
import { onTestFinished } from 'vitest'
import { kafkajs } from './topics.ts'

export interface Row {
  readonly offset: string
  readonly time: number
  readonly value: string | null
}

export interface Subscribed {
  readonly source: Source
  readonly partitions: readonly Partition[]
  readonly first: Partition
}

export async function subscribed(bootstrap: string, topic: string): Promise<Subscribed> {
  const source = await openSource(`kafka://${bootstrap}`, systemRuntime)
  onTestFinished(() => source.close())
  let partitions: readonly Partition[] = []
  await source.subscribe([topic], {
    async assigned(more) {
      partitions = [...partitions, ...more]
    },
    revoked: async () => {},
  })
  const [first] = partitions
  if (!first) throw new Error(`topic ${topic} has no partition`)
  return { source, partitions, first }
}

const WAIT = { maxBytes: 1 << 20, waitMs: 30_000 }

/** Every block from `from` to the end that there is now. */
export async function blocksFrom(source: Source, partition: Partition, from: bigint): Promise<Block[]> {
  const end = await source.end(partition)
  const blocks: Block[] = []
  for (let at: readonly bigint[] = [from]; !end.passedBy(at); ) {
    const block = await source.read(partition, at, WAIT)
    if (!block) throw new Error(`nothing came at ${at} of ${partition.topic}/${partition.id}`)
    blocks.push(block)
    at = block.to
  }
  return blocks
}

export async function rowsFrom(source: Source, partition: Partition, from: bigint): Promise<Row[]> {
  return (await blocksFrom(source, partition, from)).flatMap(rowsOf)
}

function rowsOf(block: Block): Row[] {
  return Array.from({ length: block.count }, (_, i) => {
    const value = valueAt(block, i)
    return {
      offset: String(block.offsets[i]),
      time: block.times[i] ?? Number.NaN,
      value: value === null ? null : Buffer.from(value).toString(),
    }
  })
}

/** What the reference client reads, up to and with the record whose value is `last`. */
export async function referenceRows(bootstrap: string, topic: string, last: string): Promise<Row[]> {
  const consumer = kafkajs(bootstrap).consumer({ groupId: `reference-${topic}`, readUncommitted: false })
  const rows: Row[] = []
  const done = Promise.withResolvers<void>()
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message: { offset, timestamp, value } }) => {
      rows.push({ offset, time: Number(timestamp), value: value?.toString() ?? null })
      if (value?.toString() === last) done.resolve()
    },
  })
  await done.promise
  await consumer.disconnect()
  return rows
}
