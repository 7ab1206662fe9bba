import { join } from 'node:path'
import { pinsInKafka } from '../pins/in-kafka.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'

const PARTITIONS = 6

export const benchmark: Benchmark = {
  about: `What it costs to watch a worker: the same catching up from ${PARTITIONS} partitions of a real Kafka, watched more and more.`,
  unit: 'rows',
  size: 1_000_000,
  services: ['kafka'],
  reference: 'unwatched',
  measures: 'process',
  prepare: ({ size, services }, input) => pinsInKafka(services.kafka?.bootstrap ?? '', 'pin', PARTITIONS, size, input),
  outputs: (output) => ({ pin: tableIn(join(output, 'pin')) }),
}
