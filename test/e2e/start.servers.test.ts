import { freshName, makeKafkaTopics, withServices } from '@millrace/testkit'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it as plainIt } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

const it = withServices('kafka')

const CAUGHT_UP = ['stream', '--until-caught-up', '--datasets', 'user']

const user = (ind: number) =>
  JSON.stringify({ ind, first_name: 'A', last_name: 'B', age: 30, date_joined: '2016-01-01 00:00:00' })

const inds = async (place: Workplace) =>
  (await place.sql('select ind from user order by ind')).map(({ ind }) => Number(ind))

describe('a start', () => {
  plainIt('at latest or at a time leaves out what was there before, for a new pipeline only', async () => {
    const place = await openWorkplace()
    try {
      const source = ['--source', 'embedded:./s.db']
      const ingest = async (seed: string, count: string) => {
        const sent = await place.run(
          'ingest',
          '--to',
          'embedded:./s.db',
          '--datasets',
          'user',
          '--count',
          count,
          '--seed',
          seed,
        )
        expect(sent).toMatchObject({ exitCode: 0 })
      }
      const rows = async (lake: string) => {
        const { stdout } = await place.run('sql', 'select count(*) as n from user', '--lake', lake, '--format', 'json')
        return Number((JSON.parse(stdout) as { n: number }[])[0]?.n)
      }
      await ingest('1', '50')
      expect(await place.run(...CAUGHT_UP, ...source, '--start', 'latest')).toMatchObject({ exitCode: 0 })
      await ingest('2', '20')
      const again = await place.run(...CAUGHT_UP, ...source, '--start', 'latest')
      expect(again.stderr).toContain('user goes on in user where it was: --start is for')
      expect(await rows('./lake')).toBe(20)
      const before = ['--lake', './before', '--start', '2020-01-01']
      const after = ['--lake', './after', '--start', '2120-01-01T00:00:00Z']
      for (const options of [before, after]) {
        expect(await place.run(...CAUGHT_UP, ...source, ...options)).toMatchObject({ exitCode: 0 })
      }
      expect(await Promise.all(['./before', './after'].map(rows))).toEqual([70, 0])
    } finally {
      await place.leave()
    }
  })

  it('at latest holds for all partitions of a Kafka topic and for all workers; one that comes later begins at its beginning', async ({
    kafka,
  }) => {
    const place = await openWorkplace()
    const client = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING })
    // One that is not idempotent doubles records when a partition is too new to take them.
    const [admin, producer] = [client.admin(), client.producer({ idempotent: true })]
    try {
      const topic = freshName('users')
      await Promise.all([admin.connect(), producer.connect()])
      await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 3 }])
      const send = async (partitions: number, from: number) => {
        const messages = Array.from({ length: 10 * partitions }, (_, i) => ({
          value: user(from + i),
          partition: i % partitions,
        }))
        await producer.send({ topic, messages })
      }
      await send(3, 1000)
      const options = ['--source', `kafka://${kafka.bootstrap}`, '--topics', `user=${topic}`, '--start', 'latest']
      const together = await Promise.all([place.run(...CAUGHT_UP, ...options), place.run(...CAUGHT_UP, ...options)])
      expect(together.map(({ exitCode }) => exitCode)).toEqual([0, 0])
      await send(3, 0)
      await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
      await producer.disconnect()
      await producer.connect()
      await send(4, 30)
      expect(await place.run(...CAUGHT_UP, ...options)).toMatchObject({ exitCode: 0 })
      expect(await inds(place)).toEqual(Array.from({ length: 70 }, (_, i) => i))
    } finally {
      await Promise.all([admin.disconnect(), producer.disconnect()])
      await place.leave()
    }
  })
})
