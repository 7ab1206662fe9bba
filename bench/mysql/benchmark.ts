import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import type { Benchmark } from '../src/contract.ts'
import { jsonLines } from '../src/outputs.ts'
import { fillPins } from './pins-in-mysql.ts'

const PARTITIONS = 4

export const benchmark: Benchmark = {
  about: `A table of pins in a real MariaDB, over TLS, into a real Kafka (${PARTITIONS} partitions, acknowledged by it), all on one machine; beside mysql2, which reads the same table as a stream and does nothing with it.`,
  unit: 'rows',
  size: 200_000,
  services: ['mariadb', 'kafka'],
  reference: 'mysql2-stream',
  measures: 'work',
  async prepare({ size, services }, input) {
    const admin = new Kafka({ brokers: [services.kafka?.bootstrap ?? ''], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const there = (await admin.listTopics()).includes('pin')
    if (!there)
      await admin.createTopics({ topics: [{ topic: 'pin', numPartitions: PARTITIONS }], waitForLeaders: true })
    await admin.disconnect()
    await fillPins(services.mariadb ?? {}, size)
    return input('nothing', {}, async () => {})
  },
  outputs: (output) => ({ answer: jsonLines(join(output, 'answer.jsonl')) }),
}
