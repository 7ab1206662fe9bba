import { freshName, makeKafkaTopics, openKinesisStream, withServices } from '@millrace/testkit'
import { afterEach, beforeEach, describe, expect, it as plainIt } from 'vitest'
import { startGateway } from './emulated.ts'
import { openWorkplace, type Workplace } from './millrace.ts'
import { user } from './mixed-kinds.ts'

let place: Workplace
beforeEach(async () => {
  place = await openWorkplace()
})
afterEach(() => place.leave())

const BAD = { ...user(9), ind: 'nine' }
/** A record, a list of one, a list of several with a bad one, a list that has something else in it. */
const VALUES = [user(0), [user(1)], [user(2), BAD, user(3)], [user(4), 5]] as const
const MORE = [[user(5), user(6)], user(7)] as const

/** Sends through the gateway, as old emulators do, and runs a worker after each half. */
async function expectRowsOf(source: string, topic: string, put: (url: string, value: unknown) => Promise<Response>) {
  const options = ['--source', source, '--datasets', 'user', '--topics', `user=${topic}`]
  const gateway = await startGateway(place, source)
  for (const half of [VALUES, MORE]) {
    for (const value of half) expect(await put(gateway.url, value)).toMatchObject({ status: 200 })
    expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
  }
  await gateway.stop()
  const rows = await place.sql('select ind from user order by ind')
  expect(rows.map(({ ind }) => Number(ind))).toEqual([0, 1, 2, 3, 5, 6, 7])
  const refused = await place.sql(
    `select "offset", reason, decode(value) as value from user_quarantine order by reason`,
  )
  expect(refused.map(({ reason, value }) => [reason, JSON.parse(String(value))])).toEqual([
    ['a list, and not of 1 to 100000 objects alone', VALUES[3]],
    ['wrong type in field ind', BAD],
  ])
  expect(refused.map(({ offset }) => /\[\d+\]$/.exec(String(offset))?.[0])).toEqual([undefined, '[1]'])
  const { exitCode, stdout } = await place.run('verify', '--source', source, '--datasets', 'user', '--json')
  expect({ exitCode, verdict: JSON.parse(stdout) }).toMatchObject({
    exitCode: 0,
    verdict: [{ problems: [], partitions: [{ messages: 6, records: 9, rows: 7, quarantined: 2 }] }],
  })
}

const produce = (topic: string) => (url: string, value: unknown) =>
  fetch(`${url}/topics/${topic}`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: [{ value }] }),
  })

describe('a list of records is its records', () => {
  plainIt('in the embedded store', () => expectRowsOf('embedded:./data/stream.db', 'user', produce('user')))

  withServices('kafka')('in Kafka', async ({ kafka }) => {
    const topic = freshName('user')
    await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 1 }])
    await expectRowsOf(`kafka://${kafka.bootstrap}`, topic, produce(topic))
  })

  withServices('kinesisMock')('in Kinesis', async ({ kinesisMock: server }) => {
    const name = freshName('user')
    const stream = await openKinesisStream(server, name, 1)
    try {
      await expectRowsOf(stream.source, name, (url, Data) =>
        fetch(`${url}/streams/${name}/record`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ StreamName: name, Data, PartitionKey: 'desktop' }),
        }),
      )
    } finally {
      stream.close()
    }
  })
})
