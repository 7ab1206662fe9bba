import { systemRuntime } from '@millrace/base'
import { withServices } from '@millrace/testkit'
import { openProducer, type Producer } from '@millrace/transport'
import { describe, expect, onTestFinished } from 'vitest'
import { rowsFrom, subscribed } from '../reading.ts'
import { kafkajs, makeTopic } from '../topics.ts'

const it = withServices('kafka')

async function producer(bootstrap: string): Promise<Producer> {
  const made = await openProducer(`kafka://${bootstrap}`, systemRuntime)
  onTestFinished(() => made.close())
  return made
}

const value = (text: string) => Buffer.from(text)

describe('a producer', () => {
  it('puts a key where every other producer puts it', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 7)
    const keys = Array.from({ length: 50 }, (_, i) => `key ${i} ${'long '.repeat(i % 9)}`)
    const { send } = await producer(bootstrap)
    const ours = await send(
      topic,
      keys.map((key) => ({ key: value(key), value: value('{}') })),
    )
    const reference = kafkajs(bootstrap).producer()
    await reference.connect()
    onTestFinished(() => reference.disconnect())
    for (const [i, key] of keys.entries()) {
      const [theirs] = await reference.send({ topic, messages: [{ key, value: '{}' }] })
      expect(String(theirs?.partition)).toBe(ours[i]?.partition)
    }
  })

  it('spreads records without keys over the partitions, many to each in a row', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 3)
    const { send } = await producer(bootstrap)
    const records = Array.from({ length: 1000 }, () => ({ value: value(`{"a":"${'x'.repeat(1000)}"}`) }))
    const sent = await send(topic, records)
    const partitions = sent.map(({ partition }) => partition)
    expect(new Set(partitions).size).toBe(3)
    const changes = partitions.filter((partition, i) => i > 0 && partition !== partitions[i - 1]).length
    expect(changes).toBeLessThan(20)
  })

  it('tells each record’s own offset, however many are sent at once', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 2)
    const made = await producer(bootstrap)
    // More than a broker takes in one batch; and sends that wait for one another.
    const batches = Array.from({ length: 5 }, (_, b) =>
      Array.from({ length: 600 }, (_, i) => ({
        value: value(`{"batch":${b},"i":${i},"pad":"${'x'.repeat(i % 2 === 0 ? 1500 : 10)}"}`),
        partition: i % 2,
      })),
    )
    const sent = await Promise.all(batches.map((records) => made.send(topic, records)))
    const { source, partitions } = await subscribed(bootstrap, topic)
    for (const partition of partitions) {
      const stored = new Map((await rowsFrom(source, partition, 0n)).map((row) => [row.offset, row.value]))
      expect(stored.size).toBe(1500)
      for (const [b, records] of batches.entries()) {
        for (const [i, record] of records.entries()) {
          const reported = sent[b]?.[i]
          if (reported?.partition === partition.id)
            expect(stored.get(String(reported.offset))).toBe(record.value.toString())
        }
      }
    }
  })

  it('sends an id along in a header, and a repeat to where the first of its id went', async ({
    kafka: { bootstrap },
  }) => {
    const topic = await makeTopic(bootstrap, 5)
    const { send } = await producer(bootstrap)
    const ids = ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd']
    const sent = await send(
      topic,
      ids.map((id) => ({ value: value('{}'), id })),
    )
    const places = sent.map(({ partition }) => partition)
    expect(places.slice(0, 4)).toEqual(places.slice(4))
    const { source, partitions } = await subscribed(bootstrap, topic)
    const partition = partitions.find(({ id }) => id === places[0])
    if (!partition) throw new Error('no such partition')
    const block = await source.read(partition, [0n], { maxBytes: 1 << 20, waitMs: 5_000 })
    expect(block?.ids).toEqual(ids.filter((_, i) => places[i] === places[0]))
  })

  it('refuses a record that the topic does not take, and none of those that are sent along with it', async ({
    kafka: { bootstrap },
  }) => {
    const topic = await makeTopic(bootstrap, 1, { 'max.message.bytes': '10000' })
    const made = await producer(bootstrap)
    const small = (n: number) => ({ value: value(`{"n":${n},"pad":"${'x'.repeat(1000)}"}`), partition: 0 })
    const large = { value: Buffer.alloc(20_000, '{'), partition: 0 }
    // The first goes at once; the others travel together, and are too much for one batch of this topic.
    const sends = [[small(0)], [small(1), small(2)], [large], Array.from({ length: 30 }, (_, i) => small(i + 3))]
    const outcomes = await Promise.allSettled(sends.map((records) => made.send(topic, records)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[2]).toMatchObject({ reason: { code: 'RECORD_INVALID' } })
    const { source, first } = await subscribed(bootstrap, topic)
    const stored = await rowsFrom(source, first, 0n)
    expect(stored.map((row) => row.value)).toEqual(Array.from({ length: 33 }, (_, n) => small(n).value.toString()))
  })

  it('knows no topic and no partition that is not there', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 1)
    const made = await producer(bootstrap)
    const record = { value: value('{}') }
    await expect(made.send(`${topic}-not`, [record])).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
    await expect(made.send(topic, [{ ...record, partition: 1 }])).rejects.toMatchObject({ code: 'USAGE' })
  })
})
