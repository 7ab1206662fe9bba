import { join } from 'node:path'
import { pinsAsLines } from '../pins/as-lines.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'
import { PER_SECOND } from './steady-feed.ts'

export const benchmark: Benchmark = {
  about: `${PER_SECOND} raw pins a second come to a real Kafka: from just before a record is sent to when somebody else can read the Delta commit that holds it, of the second half of the records. An observer asks for the next commit every 5 ms.`,
  unit: 'rows',
  size: 60 * PER_SECOND,
  services: ['kafka', 's3'],
  cases: ['folder', 's3'],
  reference: 'millrace',
  measures: 'process',
  prepare: ({ size }, input) => pinsAsLines(size, input),
  outputs: (output) => ({ pin: tableIn(join(output, 'pin')) }),
}
