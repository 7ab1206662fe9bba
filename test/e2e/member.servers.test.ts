import { freshName, makeKafkaTopics, withServices } from '@millrace/testkit'
import { Kafka, logLevel } from 'kafkajs'
import { expect } from 'vitest'
import { openWorkplace, printed } from './millrace.ts'

const it = withServices('kafka')

it('a worker with a name is known to the group by it', async ({ kafka }) => {
  const place = await openWorkplace()
  const client = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING })
  const [admin, producer] = [client.admin(), client.producer()]
  try {
    const [topic, group] = [freshName('users'), freshName('group')]
    await Promise.all([admin.connect(), producer.connect()])
    await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 1 }])
    await producer.send({ topic, messages: [{ value: JSON.stringify({ ind: 1, surprise: 2 }) }] })
    const options = ['--source', `kafka://${kafka.bootstrap}`, '--datasets', 'user', '--topics', `user=${topic}`]
    const worker = place.start('stream', ...options, '--group', group, '--member', 'worker-0', '--no-dashboard')
    await Promise.all([printed(worker, /committed/), printed(worker, /does not know are left out: surprise/)])
    const { groups } = await admin.describeGroups([group])
    expect(groups[0]?.members.map(({ memberId }) => memberId)).toEqual([expect.stringMatching(/^worker-0-/)])
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()])
    await place.leave()
  }
})
