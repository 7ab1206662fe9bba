import { PutRecordCommand } from '@aws-sdk/client-kinesis'
import { systemRuntime, valueAt } from '@millrace/base'
import { withServices } from '@millrace/testkit'
import { type Block, openProducer, openSource, type Partition, type Position, type Source } from '@millrace/transport'
import { describe, expect } from 'vitest'
import { pack } from './pack.ts'
import { type Administrator, administer } from './stream.ts'

const it = withServices('kinesisMock', 'kinesalite')
const READ = { maxBytes: 1 << 20, waitMs: 100 }

describe.each(['kinesisMock', 'kinesalite'] as const)('%s', (server) => {
  it('hands over every record once, in the order of its key, over splits and merges, committing as it goes', async ({
    kinesisMock,
    kinesalite,
  }) => {
    const streams = administer({ kinesisMock, kinesalite }[server])
    const name = await streams.freshStream(1)
    const sent = await sendWhileResharding(streams, name)
    const reader = await subscribe(streams.address, name)
    await reader.readAll({ commit: true })
    expect(reader.seen.map(({ value }) => value).toSorted()).toEqual(sent.toSorted())
    const ofKey = (values: readonly string[], key: string) => values.filter((value) => value.startsWith(`${key}-`))
    const values = reader.seen.map(({ value }) => value)
    for (const key of ['a', 'b', 'c', 'd']) expect(ofKey(values, key)).toEqual(ofKey(sent, key))
    await reader.source.close()
  })

  it('keeps children back until the end of their parents is committed', async ({ kinesisMock, kinesalite }) => {
    const streams = administer({ kinesisMock, kinesalite }[server])
    const name = await streams.freshStream(1)
    const sent = await sendWhileResharding(streams, name)
    const reader = await subscribe(streams.address, name)
    await reader.readAll({ commit: false, rounds: 5 })
    expect(new Set(reader.seen.map(({ shard }) => shard))).toEqual(new Set(['shardId-000000000000']))
    await reader.readAll({ commit: true })
    expect(reader.seen.map(({ value }) => value).toSorted()).toEqual(sent.toSorted())
    await reader.source.close()
  })

  it('goes on within a pack where it was left', async ({ kinesisMock, kinesalite }) => {
    const { client, address, freshStream } = administer({ kinesisMock, kinesalite }[server])
    const StreamName = await freshStream(1)
    const values = Array.from({ length: 10 }, (_, i) => `{"i":${i}}`)
    const Data = pack(values.map((value, i) => ({ partitionKey: `k${i % 3}`, data: Buffer.from(value) })))
    const { SequenceNumber } = await client.send(new PutRecordCommand({ StreamName, PartitionKey: 'a', Data }))
    const first = await subscribe(address, StreamName)
    await first.readAll({ commit: true, maxBytes: 20, blocks: 2 })
    const [left] = [...first.positions.values()]
    await first.source.close()

    const second = await subscribe(address, StreamName, left)
    await second.readAll({ commit: true })
    expect([...first.seen, ...second.seen].map(({ value }) => value)).toEqual(values)
    expect([...first.seen, ...second.seen].map(({ offset }) => offset)).toEqual(
      values.map((_, i) => `${SequenceNumber}.${i}`),
    )
    await second.source.close()
  })

  it('leaves out what a pack holds for another shard: its producer sends it there again', async ({
    kinesisMock,
    kinesalite,
  }) => {
    const { client, address, freshStream } = administer({ kinesisMock, kinesalite }[server])
    const StreamName = await freshStream(2)
    const [low, high] = ['0', String(2n ** 128n - 1n)] as const
    const Data = pack([
      { partitionKey: 'k', explicitHashKey: low, data: Buffer.from('here') },
      { partitionKey: 'k', explicitHashKey: high, data: Buffer.from('not here') },
    ])
    await client.send(new PutRecordCommand({ StreamName, PartitionKey: 'k', ExplicitHashKey: low, Data }))
    const reader = await subscribe(address, StreamName)
    await reader.readAll({ commit: true })
    expect(reader.seen.map(({ value }) => value)).toEqual(['here'])
    await reader.source.close()
  })
})

/** Records of four keys, with a split, a merge and another split among them. */
async function sendWhileResharding(streams: Administrator, name: string): Promise<string[]> {
  const producer = await openProducer(streams.address, systemRuntime)
  const sent: string[] = []
  const send = async () => {
    for (const key of ['a', 'b', 'c', 'd']) {
      const value = `${key}-${sent.length}`
      await producer.send(name, [{ key: Buffer.from(key), value: Buffer.from(value) }])
      sent.push(value)
    }
  }
  await send()
  await streams.split(name, 'shardId-000000000000')
  await send()
  await streams.merge(name, 'shardId-000000000001', 'shardId-000000000002')
  await send()
  await streams.split(name, 'shardId-000000000003')
  await send()
  await producer.close()
  return sent
}

interface Round {
  readonly commit: boolean
  readonly maxBytes?: number
  readonly rounds?: number
  readonly blocks?: number
}

/** Reads shard after shard as a worker does, until everything that there was has been passed. */
async function subscribe(address: string, topic: string, start?: Position) {
  const source: Source = await openSource(address, systemRuntime)
  const positions = new Map<Partition, Position>()
  const assigned = async (partitions: readonly Partition[]) => {
    for (const partition of partitions) positions.set(partition, start ?? (await source.resolve(partition, 'earliest')))
  }
  await source.subscribe([topic], { assigned, revoked: async () => {} })
  const seen: { value: string; offset: string; shard: string }[] = []
  const take = ({ partition, offsets, ...values }: Block) => {
    for (let i = 0; i < values.count; i++) {
      const value = Buffer.from(valueAt(values, i) ?? []).toString()
      seen.push({ value, offset: String(offsets[i]), shard: partition.id })
    }
  }
  const readAll = async ({ commit, maxBytes = READ.maxBytes, rounds = 100, blocks = 1_000 }: Round) => {
    if (commit) await source.acknowledge(positions)
    const ends = new Map([...positions.keys()].map((partition) => [partition, source.end(partition)]))
    for (let round = 0, read = 0; round < rounds; round++) {
      let open = 0
      for (const [partition, at] of [...positions]) {
        if ((await ends.get(partition))?.passedBy(at)) continue
        open++
        const block = await source.read(partition, at, { ...READ, maxBytes })
        if (!block) continue
        take(block)
        positions.set(partition, block.to)
        if (commit) await source.acknowledge(new Map([[partition, block.to]]))
        if (++read === blocks) return
      }
      if (open === 0) return
    }
  }
  return { source, positions, seen, readAll }
}
