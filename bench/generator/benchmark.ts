import { join } from 'node:path'
import type { Benchmark } from '../src/contract.ts'
import { jsonLines } from '../src/outputs.ts'

export const benchmark: Benchmark = {
  about:
    'Posts made up in memory, each a pin, a geo and a user as JSON, on one core; and the same words put together as objects.',
  unit: 'posts',
  size: 500_000,
  reference: 'objects',
  measures: 'work',
  prepare: (_, input) => input('nothing', {}, async () => {}),
  outputs: (output) => ({ answer: jsonLines(join(output, 'answer.jsonl')) }),
}
