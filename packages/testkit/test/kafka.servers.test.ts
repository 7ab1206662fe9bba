import { Kafka, logLevel } from 'kafkajs'
import { expect } from 'vitest'
import { freshName, withServices } from '../src/index.ts'

const it = withServices('kafka')

it('keeps what is produced to a topic and hands it out again', async ({ kafka }) => {
  const topic = freshName('pin')
  const client = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING })
  const admin = client.admin()
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true })
  const producer = client.producer({ idempotent: true })
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'one' }, { value: 'two' }] })

  const received = new Set<string>()
  const consumer = client.consumer({ groupId: freshName('group') })
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        received.add(String(message.value))
        if (received.size === 2) resolve()
      },
    })
  })

  expect([...received].sort()).toEqual(['one', 'two'])
  await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()])
})
