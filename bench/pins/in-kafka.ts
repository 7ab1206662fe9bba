import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { ingest } from '@millrace/ingest'
import { Kafka, logLevel } from 'kafkajs'
import type { InputMaker } from '../src/contract.ts'
import { pinsAsLines } from './as-lines.ts'

/** A new topic with so many raw pins, uncompressed, spread over the partitions; answers the folder of the same as lines. */
export async function pinsInKafka(
  bootstrap: string,
  topic: string,
  partitions: number,
  count: number,
  input: InputMaker,
): Promise<string> {
  const folder = await pinsAsLines(count, input)
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
  await admin.disconnect()
  const options = { from: join(folder, 'pins.jsonl'), to: `kafka://${bootstrap}`, datasets: ['pin'], seed: 0 }
  await ingest({ ...options, mode: 'all' }, systemRuntime, new AbortController().signal)
  return folder
}
