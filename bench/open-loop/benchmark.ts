import { join } from 'node:path'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'
import { CASE_NAMES } from './cases.ts'

export const benchmark: Benchmark = {
  about:
    'After mdrakiburrahman/stream-processing-benchmark, with a real Kafka and an S3 server: messages of three fields, sent however late their reader is, by a process of its own. From just before a message is sent to when somebody else can read the Delta commit that holds it; the mean is that of the means of each second. A tenth as many are sent before, and do not count.',
  unit: 'messages',
  size: 5_000_000,
  services: ['kafka', 's3'],
  cases: CASE_NAMES,
  reference: 'millrace',
  measures: 'process',
  prepare: (_, input) => input('nothing', {}, async () => {}),
  outputs: (output) => {
    const table = tableIn(join(output, 'event'))
    return { event: { ...table, query: `SELECT producer_id, seq FROM (${table.query})` } }
  },
}
