import { join } from 'node:path'
import type { Benchmark } from '../src/contract.ts'
import { jsonLines } from '../src/outputs.ts'
import { writeLog } from './log-of-many-commits.ts'

const WITH_CHECKPOINT = 'a checkpoint at the end'

export const benchmark: Benchmark = {
  about: 'Opening a Delta table of many commits, one file each, cold: from nothing to the list of its living files.',
  unit: 'commits',
  size: 10_000,
  cases: ['no checkpoint', WITH_CHECKPOINT],
  reference: 'delta-rs',
  measures: 'work',
  prepare: ({ size, variant }, input) =>
    input('delta-log', { commits: size, variant }, (folder) => writeLog(folder, size, variant === WITH_CHECKPOINT)),
  outputs: (output) => ({ answer: jsonLines(join(output, 'answer.jsonl')) }),
}
