import { freshName, withServices } from '@millrace/testkit'
import { CompressionTypes, type Producer, type Transaction } from 'kafkajs'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { blocksFrom, referenceRows, rowsFrom, subscribed } from './reading.ts'
import { kafkajs, makeTopic } from './topics.ts'

const it = withServices('kafka')

const LAST = '{"last":true}'
const EVENTUALLY = { timeout: 30_000, interval: 20 }
const ODD = ['{"a":1}', '', null, '{"b":\n2}', ' {"c":3}', 'null', '{"d":4}\r', '[5]']

async function producer(bootstrap: string, transactionalId?: string): Promise<Producer> {
  const made = kafkajs(bootstrap).producer({
    ...(transactionalId && { transactionalId, maxInFlightRequests: 1, idempotent: true }),
  })
  await made.connect()
  onTestFinished(() => made.disconnect())
  return made
}

async function admin(bootstrap: string) {
  const made = kafkajs(bootstrap).admin()
  await made.connect()
  onTestFinished(() => made.disconnect())
  return made
}

const valued = (values: readonly (string | null)[]) => values.map((value) => ({ value, partition: 0 }))

describe('records as the broker stores them', () => {
  it.for(['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'are read whole where the broker packs them by %s',
    async (codec, { kafka: { bootstrap } }) => {
      const topic = await makeTopic(bootstrap, 1, { 'compression.type': codec, 'max.message.bytes': '20000000' })
      const repeated = Array.from({ length: 3000 }, (_, i) => `{"n":${i},"text":"${'some words '.repeat(i % 50)}"}`)
      const huge = `{"huge":"${'x'.repeat(3_000_000)}"}`
      const values = [...ODD, ...repeated, huge, LAST]
      const { send } = await producer(bootstrap)
      for (const part of [values.slice(0, 20), values.slice(20, -2), [huge], [LAST]]) {
        await send({ topic, messages: valued(part) })
      }
      const { source, first } = await subscribed(bootstrap, topic)
      const rows = await rowsFrom(source, first, 0n)
      expect(rows.map(({ value }) => value)).toEqual(values)
      expect(rows.map(({ offset }) => offset)).toEqual(values.map((_, i) => String(i)))
    },
  )

  it('packed by the producer are what the reference client reads, from any offset', async ({
    kafka: { bootstrap },
  }) => {
    const topic = await makeTopic(bootstrap, 1)
    const { send } = await producer(bootstrap)
    for (let i = 0; i < 30; i++) {
      const compression = i % 2 === 0 ? CompressionTypes.GZIP : CompressionTypes.None
      await send({ topic, compression, messages: valued([...ODD, `{"i":${i}}`].slice(i % 5)) })
    }
    await send({ topic, messages: valued([LAST]) })
    const reference = await referenceRows(bootstrap, topic, LAST)
    const { source, first } = await subscribed(bootstrap, topic)
    for (const from of [0, 1, 7, 8, 9, 100, reference.length - 1]) {
      expect(await rowsFrom(source, first, BigInt(from))).toEqual(reference.slice(from))
    }
  })

  it('carry the broker’s time where the topic wants that', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 1, { 'message.timestamp.type': 'LogAppendTime' })
    const { send } = await producer(bootstrap)
    const messages = [{ value: '{}', timestamp: '1000', partition: 0 }, ...valued([LAST])]
    await send({ topic, messages })
    const { source, first } = await subscribed(bootstrap, topic)
    expect(await rowsFrom(source, first, 0n)).toEqual(await referenceRows(bootstrap, topic, LAST))
  })

  it('are read over the gaps that compaction leaves', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 1, {
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.001',
      'segment.ms': '100',
      'delete.retention.ms': '0',
    })
    const { send } = await producer(bootstrap)
    const written = Array.from({ length: 200 }, (_, i) => ({
      key: `key ${i % 7}`,
      value: i % 7 === 3 ? null : `{"i":${i}}`,
      partition: 0,
    }))
    for (let i = 0; i < written.length; i += 10) await send({ topic, messages: written.slice(i, i + 10) })
    const { source, first } = await subscribed(bootstrap, topic)
    // A segment that is still written to is not compacted: go on writing until one has been.
    await vi.waitFor(
      async () => {
        await send({ topic, messages: [{ key: 'other', value: '{}', partition: 0 }] })
        expect((await rowsFrom(source, first, 0n)).length).toBeLessThan(100)
      },
      { timeout: 50_000, interval: 500 },
    )
    await send({ topic, messages: [{ key: 'last', value: LAST, partition: 0 }] })
    // Compaction goes on meanwhile: each reading finds a part of what the one before it found.
    const before = await rowsFrom(source, first, 0n)
    const reference = await referenceRows(bootstrap, topic, LAST)
    expect(before).toEqual(expect.arrayContaining(reference))
    expect(reference).toEqual(expect.arrayContaining(await rowsFrom(source, first, 0n)))
    const blocks = await blocksFrom(source, first, 5n)
    for (const [i, block] of blocks.entries()) expect(block.from).toEqual(i === 0 ? [5n] : blocks[i - 1]?.to)
  })
})

describe('transactions', () => {
  it('that abort leave nothing behind, however those of several producers interleave', async ({
    kafka: { bootstrap },
  }) => {
    const topic = await makeTopic(bootstrap, 1)
    const producers = await Promise.all(['a', 'b', 'c'].map((name) => producer(bootstrap, freshName(name))))
    const plain = await producer(bootstrap)
    const outcome = (producer: number, round: number) => (producer * 7 + round * 3) % 5 < 2
    const { source, first } = await subscribed(bootstrap, topic)
    const committed: string[] = []
    for (let round = 0; round < 12; round++) {
      const open: Transaction[] = []
      for (const made of producers) open.push(await made.transaction())
      for (let part = 0; part < 2; part++) {
        for (const [id, transaction] of open.entries()) {
          const value = `{"producer":${id},"round":${round},"part":${part}}`
          await transaction.send({ topic, messages: valued([value]) })
          if (!outcome(id, round)) committed.push(value)
        }
        await plain.send({ topic, messages: valued([`{"plain":${round},"part":${part}}`]) })
        committed.push(`{"plain":${round},"part":${part}}`)
      }
      for (const [id, transaction] of open.entries())
        await (outcome(id, round) ? transaction.abort() : transaction.commit())
      // kafkajs counts a partition into the next transaction even when the broker asks it to wait for this one's marker.
      const written = (round + 1) * (open.length * 2 + 2 + open.length)
      await vi.waitFor(async () => expect(await source.resolve(first, 'latest')).toEqual([BigInt(written)]), EVENTUALLY)
    }
    await plain.send({ topic, messages: valued([LAST]) })
    const reference = await referenceRows(bootstrap, topic, LAST)
    expect(reference.map(({ value }) => value)).toEqual([...committed, LAST])
    const end = Number(reference.at(-1)?.offset)
    for (let from = 0; from <= end; from += 5) {
      const wanted = reference.filter(({ offset }) => Number(offset) >= from)
      expect(await rowsFrom(source, first, BigInt(from)), `from ${from}`).toEqual(wanted)
    }
  })

  it('that are open hold back the end, and are read once they commit', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 1)
    const transactional = await producer(bootstrap, freshName('transactional'))
    const plain = await producer(bootstrap)
    const { source, first } = await subscribed(bootstrap, topic)
    await plain.send({ topic, messages: valued(['{"before":true}']) })
    const transaction = await transactional.transaction()
    await transaction.send({ topic, messages: valued(['{"inside":true}']) })
    await plain.send({ topic, messages: valued(['{"after":true}']) })
    const values = async () => (await rowsFrom(source, first, 0n)).map(({ value }) => value)
    expect(await source.resolve(first, 'latest')).toEqual([1n])
    expect(await values()).toEqual(['{"before":true}'])
    await transaction.commit()
    await vi.waitFor(async () => expect(await source.resolve(first, 'latest')).toEqual([4n]), EVENTUALLY)
    expect(await values()).toEqual(['{"before":true}', '{"inside":true}', '{"after":true}'])
  })

  it('that aborted at the end of a partition are passed by an advance without records', async ({
    kafka: { bootstrap },
  }) => {
    const topic = await makeTopic(bootstrap, 1)
    const transaction = await (await producer(bootstrap, freshName('transactional'))).transaction()
    await transaction.send({ topic, messages: valued(['{"never":true}']) })
    await transaction.abort()
    const { source, first } = await subscribed(bootstrap, topic)
    await vi.waitFor(async () => expect(await source.resolve(first, 'latest')).toEqual([2n]), EVENTUALLY)
    const blocks = await blocksFrom(source, first, 0n)
    expect(blocks.map(({ count, to }) => ({ count, to }))).toEqual([{ count: 0, to: [2n] }])
  })
})

describe('what is gone', () => {
  it('is said with the range that is left, never jumped over', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 1)
    const { send } = await producer(bootstrap)
    await send({ topic, messages: valued(['{"a":1}', '{"a":2}', '{"a":3}', LAST]) })
    const kafka = await admin(bootstrap)
    // The reference client forgets to ask for the metadata that it needs for this.
    await kafka.fetchTopicOffsets(topic)
    await kafka.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
    const { source, first } = await subscribed(bootstrap, topic)
    const read = (from: bigint) => source.read(first, [from], { maxBytes: 1000, waitMs: 10_000 })
    await expect(read(1n)).rejects.toThrow(
      expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE', message: expect.stringContaining('2–4') }),
    )
    await expect(read(5n)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect((await read(2n))?.count).toBe(2)
    expect(await source.resolve(first, 'earliest')).toEqual([2n])
  })

  it('with the topic made again under its name is not mistaken for it', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 1)
    const { send } = await producer(bootstrap)
    await send({ topic, messages: valued(['{"a":1}', '{"a":2}']) })
    const { source, first } = await subscribed(bootstrap, topic)
    expect(await rowsFrom(source, first, 0n)).toHaveLength(2)
    const kafka = await admin(bootstrap)
    await kafka.deleteTopics({ topics: [topic] })
    const read = () => source.read(first, [1n], { maxBytes: 1000, waitMs: 30_000 })
    await expect(read()).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
    await kafka.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
    await (await producer(bootstrap)).send({ topic, messages: valued(['{"b":1}', '{"b":2}', '{"b":3}']) })
    await expect(read()).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
    await expect(source.end(first)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
    const again = await subscribed(bootstrap, topic)
    expect(again.first.identity).not.toBe(first.identity)
  })
})
