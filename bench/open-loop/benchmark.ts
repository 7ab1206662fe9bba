import { join } from 'node:path'
import { pinsAsLines } from '../pins/as-lines.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'
import { CASES } from './rates.ts'

export const benchmark: Benchmark = {
  about:
    'After mdrakiburrahman/stream-processing-benchmark, with a real Kafka and an S3 server: raw pins are sent at a steady rate, however late their reader is. The mean time from just before a record is sent to when its Delta commit can be read, of the second half of the records.',
  unit: 'rows',
  size: 100_000,
  services: ['kafka', 's3'],
  cases: CASES,
  reference: 'millrace',
  measures: 'process',
  prepare: ({ size }, input) => pinsAsLines(size, input),
  outputs: (output) => ({ pin: tableIn(join(output, 'pin')) }),
}
