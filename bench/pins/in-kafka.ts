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
  await fileInKafka(bootstrap, { topic, partitions, dataset: 'pin', file: join(folder, 'pins.jsonl') })
  return folder
}

interface Filling {
  readonly topic: string
  readonly partitions: number
  readonly dataset: string
  readonly file: string
}

/** A new topic with the records of a file, uncompressed, spread over the partitions. */
export async function fileInKafka(bootstrap: string, { topic, partitions, dataset, file }: Filling): Promise<void> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
  await admin.disconnect()
  const targets = { [dataset]: { topic } }
  const options = { from: file, to: `kafka://${bootstrap}`, targets, datasets: [dataset], seed: 0 }
  await ingest({ ...options, mode: 'all' }, systemRuntime, new AbortController().signal)
}
