import { pinsAsLines } from '../pins/as-lines.ts'
import type { Benchmark } from '../src/contract.ts'

export const benchmark: Benchmark = {
  about:
    'What a piece of work costs as its input grows 10 and 100 times: the second table has CPU milliseconds of this process, each the median of its repetitions.',
  unit: 'at × 100',
  size: 100_000,
  services: ['kafka'],
  reference: 'commit',
  measures: 'work',
  page: 'scaling.md',
  prepare: ({ size }, input) => pinsAsLines(size, input),
  outputs: () => ({}),
}
