import { Kafka, logLevel } from 'kafkajs'
import { makeTopics, messageOf } from './topics.ts'

/**
 * Feeds topics at a rate from a process of its own, until its standard input ends. Prints `ready` when the topics are
 * there and have a message each, and at its end how many messages each topic has.
 */
const [bootstrap = '', registry = '', prefix = '', count = '1000', perSecond = '3333'] = process.argv.slice(2)
const names = Array.from({ length: Number(count) }, (_, i) => `${prefix}.t${String(i).padStart(4, '0')}`)
const client = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
const admin = client.admin()
await admin.connect()
const topics = await makeTopics(admin, registry, names)
await admin.disconnect()
// A request whose answer is late is sent again: without it the messages would be in their topics twice.
const producer = client.producer({ idempotent: true, maxInFlightRequests: 1 })
await producer.connect()

let isOver = false
process.stdin.on('end', () => {
  isOver = true
})
process.stdin.resume()

let id = 0
const send = async () => {
  const now = Date.now()
  await producer.sendBatch({
    topicMessages: topics.map((topic) => ({ topic: topic.name, messages: [{ value: messageOf(topic, id, now) }] })),
  })
  id++
}
await send()
console.log('ready')
const begun = performance.now()
for (let due = begun; !isOver; ) {
  await send()
  due += (1000 * topics.length) / Number(perSecond)
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
}
await producer.disconnect()
console.log(JSON.stringify({ messages: id, seconds: (performance.now() - begun) / 1000 }))
