import { joinValues, systemRuntime } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import { archiveWriter, type Block, type OutgoingRecord, type Partition, type Producer, pack } from '../../src/index.ts'

const IDENTITY = 'the topic'

/** Writes each sending as a stream would that commits it by itself. */
export function archiver(store: ObjectStore, codec: 'none' | 'gzip' | 'zstd') {
  const writer = archiveWriter(store, { pipeline: 'test', dataset: 'any' }, systemRuntime)
  const claims = () => ({ id: systemRuntime.uuid(), byPartition: new Map() })
  const sendTo = async (partition: Partition, records: readonly OutgoingRecord[]): Promise<bigint> => {
    const [from = 0n] = (await writer.begin([partition])).positions.get(partition) ?? []
    const packed = await pack([blockOf(partition, from, records)], codec)
    const to = from + BigInt(records.length)
    await writer.commit([{ partition, from: [from], to: [to], ...(packed && { packed }) }], claims())
    return from
  }
  const producer: Producer = {
    async send(topic, records) {
      const byPartition = Map.groupBy([...records.keys()], (i) => records[i]?.partition ?? 0)
      const sent: { partition: string; offset: bigint }[] = []
      for (const [number, indexes] of byPartition) {
        const id = String(number)
        const of = indexes.map((i) => records[i] as OutgoingRecord)
        const first = await sendTo({ topic, identity: IDENTITY, id }, of)
        for (const [at, i] of indexes.entries()) sent[i] = { partition: id, offset: first + BigInt(at) }
      }
      return sent
    },
    close: async () => {},
  }
  return {
    producer,
    /** Begins a topic with empty partitions. */
    async begin(topic: string, partitions: number): Promise<void> {
      const ids = Array.from({ length: partitions }, (_, id) => String(id))
      const steps = ids.map((id) => ({ partition: { topic, identity: IDENTITY, id }, from: undefined, to: [0n] }))
      await writer.commit(steps, claims())
    },
    /** Moves a partition on without records. */
    async skip(topic: string, from: bigint, to: bigint): Promise<void> {
      await writer.commit([{ partition: { topic, identity: IDENTITY, id: '0' }, from: [from], to: [to] }], claims())
    },
  }
}

function blockOf(partition: Partition, from: bigint, records: readonly OutgoingRecord[]): Block {
  const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString())
  return {
    ...joinValues(records.map(({ value }) => value)),
    ...{ partition, from: [from], to: [from + BigInt(records.length)] },
    offsets: BigInt64Array.from(records, (_, i) => from + BigInt(i)),
    times: new Float64Array(records.length).fill(systemRuntime.now()),
    keys: records.map(({ key }) => text(key)),
    ids: records.map(({ id }) => id),
    headers: records.map(({ id }) => id && JSON.stringify({ 'millrace-id': id })),
  }
}
