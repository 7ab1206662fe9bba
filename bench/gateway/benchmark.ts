import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { pinsAsLines } from '../pins/as-lines.ts'
import type { Benchmark } from '../src/contract.ts'
import { jsonLines } from '../src/outputs.ts'
import { TOPIC } from './topic.ts'

const PARTITIONS = 4

export const benchmark: Benchmark = {
  about: `Raw pins by HTTP, on one core: the gateway in front of a real Kafka (${PARTITIONS} partitions, acknowledged by it), beside a handler that only parses. The client has the other core.`,
  unit: 'records',
  size: 100_000,
  services: ['kafka'],
  cases: ['1 record a request', '500 records a request'],
  reference: 'fastify-parse',
  measures: 'work',
  async prepare({ size, services }, input) {
    const admin = new Kafka({ brokers: [services.kafka?.bootstrap ?? ''], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const there = (await admin.listTopics()).includes(TOPIC)
    if (!there)
      await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS }], waitForLeaders: true })
    await admin.disconnect()
    return pinsAsLines(size, input)
  },
  outputs: (output) => ({ answered: jsonLines(join(output, 'answered.jsonl')) }),
}
