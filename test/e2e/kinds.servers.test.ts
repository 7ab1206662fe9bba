import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { freshName, makeKafkaTopics, withServices } from '@millrace/testkit'
import { openProducer } from '@millrace/transport'
import { describe, expect, it as plainIt } from 'vitest'
import { openWorkplace } from './millrace.ts'
import { byField, byKey, DATASETS, expectOnePlaceEach, mixed, RECORDS, user } from './mixed-kinds.ts'

const it = withServices('kafka')

describe('one topic that carries several kinds', () => {
  plainIt('told apart by a field of the record, in the embedded store', async () => {
    const place = await openWorkplace()
    try {
      const source = `embedded:${join(place.folder, 's.db')}`
      const producer = await openProducer(source, systemRuntime)
      await producer.send(
        'events',
        mixed().map(({ value }) => ({ value })),
      )
      await producer.close()
      const options = ['--source', source, ...DATASETS, '--topics', byField('events')]
      expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
      // What can't be parsed has no field: of no known kind, it goes where the first of the data sets puts it.
      await expectOnePlaceEach(place, source, (n) => (n % 10 === 9 || n % 4 === 3 ? 'pin' : 'none'))
    } finally {
      await place.leave()
    }
  })

  plainIt('unrecognized records stay with who took them first, whoever is named first later', async () => {
    const place = await openWorkplace()
    try {
      const source = `embedded:${join(place.folder, 's.db')}`
      const producer = await openProducer(source, systemRuntime)
      const catchUp = async (datasets: string, at: number) => {
        await producer.send(
          'events',
          mixed()
            .slice(at, at + 100)
            .map(({ value }) => ({ value })),
        )
        const topics = byField('events')
          .split(',')
          .filter((pair) => datasets.includes(pair.slice(0, 3)))
        const options = ['--source', source, '--datasets', datasets, '--topics', topics.join()]
        expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
      }
      await catchUp('pin,geo,user', 0)
      await catchUp('user,geo,pin', 100)
      await producer.close()
      const unrecognized = async (table: string) =>
        Number((await place.sql(`select count(*) as n from ${table}`))[0]?.n)
      // A quarter is of another kind; of the rest one in ten can't be parsed.
      expect(await unrecognized('pin_quarantine')).toBe(200 / 4 + 200 / 10 - 200 / 20)
      expect([await unrecognized('user_quarantine'), await unrecognized('geo_quarantine')]).toEqual([0, 0])
      expect(await place.run('verify', '--source', source, ...DATASETS)).toMatchObject({ exitCode: 0 })
    } finally {
      await place.leave()
    }
  })

  it('told apart by the message key, in Kafka, read by two workers that pass it on', async ({ kafka }) => {
    const place = await openWorkplace()
    const source = `kafka://${kafka.bootstrap}`
    const producer = await openProducer(source, systemRuntime)
    try {
      const topic = freshName('events')
      await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 3 }])
      const options = ['--source', source, ...DATASETS, '--topics', byKey(topic)]
      const records = mixed()
      for (const half of [records.slice(0, RECORDS / 2), records.slice(RECORDS / 2)]) {
        await producer.send(topic, half)
        expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
      }
      await expectOnePlaceEach(place, source, (n) => {
        if (n % 4 === 3) return 'pin'
        return n % 10 === 9 ? (['pin', 'geo', 'user'][n % 4] ?? 'none') : 'none'
      })
    } finally {
      await producer.close()
      await place.leave()
    }
  })

  it('drops what was sent again under its id, and says so', async ({ kafka }) => {
    const place = await openWorkplace()
    const source = `kafka://${kafka.bootstrap}`
    const producer = await openProducer(source, systemRuntime)
    try {
      const topic = freshName('users')
      await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 3 }])
      const records = Array.from({ length: 100 }, (_, n) => ({
        value: Buffer.from(JSON.stringify(user(n))),
        id: `r-${n}`,
      }))
      const options = ['--source', source, '--datasets', 'user', '--topics', `user=${topic}`]
      for (const some of [records.slice(0, 60), records.slice(30), records]) {
        await producer.send(topic, some)
        expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
      }
      const rows = await place.sql('select ind from user order by ind')
      expect(rows.map(({ ind }) => Number(ind))).toEqual(records.map((_, n) => n))
      const verified = await place.run('verify', '--source', source, '--datasets', 'user', '--json')
      const [{ partitions, problems }] = JSON.parse(verified.stdout)
      expect(problems).toEqual([])
      const sum = (name: string) =>
        partitions.reduce((total: number, account: Record<string, number>) => total + (account[name] ?? 0), 0)
      expect([sum('records'), sum('rows'), sum('repeated')]).toEqual([230, 100, 130])
    } finally {
      await producer.close()
      await place.leave()
    }
  })
})
