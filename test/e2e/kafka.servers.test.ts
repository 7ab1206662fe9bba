import { freshName, makeKafkaTopics, withServices } from '@millrace/testkit'
import { Kafka, logLevel } from 'kafkajs'
import { expect } from 'vitest'
import { openWorkplace } from './millrace.ts'

const it = withServices('kafka')

it('catches up with a topic of several partitions by two workers in turn, each record once', async ({ kafka }) => {
  const place = await openWorkplace()
  try {
    const topic = `${freshName('pins')}.pin`
    await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 4 }])
    const source = `kafka://${kafka.bootstrap}`
    const producer = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    const send = async (from: number, to: number) => {
      const messages = Array.from({ length: to - from }, (_, i) => ({
        value:
          i % 100 === 99
            ? '{bad'
            : JSON.stringify({ index: from + i, unique_id: `id-${from + i}`, follower_count: '3k' }),
        partition: i % 4,
      }))
      await producer.send({ topic, messages })
    }
    const options = ['--source', source, '--datasets', 'pin', '--topics', `pin=${topic}`]
    for (const [from, to] of [
      [0, 3000],
      [3000, 5000],
    ] as const) {
      await send(from, to)
      expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
    }
    await producer.disconnect()
    expect(await place.sql('select count(*) as n, count(distinct ind) as inds, max(ind) as last from pin')).toEqual([
      { n: 4950, inds: 4950, last: 4998 },
    ])
    expect(await place.sql('select count(*) as n, any_value(reason) as reason from pin_quarantine')).toEqual([
      { n: 50, reason: 'not JSON' },
    ])
    const verified = await place.run('verify', '--source', source, '--datasets', 'pin')
    expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing is missing') })
  } finally {
    await place.leave()
  }
})
