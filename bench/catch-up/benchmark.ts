import { join } from 'node:path'
import { pinsInKafka } from '../pins/in-kafka.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'

const PARTITIONS = 6

export const benchmark: Benchmark = {
  about: `A worker that was away: raw pins waiting in ${PARTITIONS} partitions of a real Kafka on the same machine, to clean rows in files, zstd.`,
  unit: 'rows',
  size: 2_000_000,
  services: ['kafka'],
  reference: 'millrace',
  measures: 'process',
  guard: { size: 200_000, against: 'duckdb-file', least: 0.3 },
  prepare: ({ size, services }, input) => pinsInKafka(services.kafka?.bootstrap ?? '', 'pin', PARTITIONS, size, input),
  outputs: (output) => ({ pin: tableIn(join(output, 'pin')) }),
}
