import { join } from 'node:path'
import { cleanPins } from '../pins/clean-parquet.ts'
import { ROWS_A_COMMIT } from '../pins/small-commits.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'

export const benchmark: Benchmark = {
  about: `Appends of ${ROWS_A_COMMIT} clean pins to one Delta table in a folder, each a commit, checkpoints when due, zstd.`,
  unit: 'commits',
  size: 1000,
  cases: ['table kept open', 'table opened for each commit'],
  reference: 'delta-rs',
  measures: 'work',
  prepare: (_task, input) => cleanPins(ROWS_A_COMMIT, input),
  outputs: (output) => ({ pin: tableIn(join(output, 'pin')) }),
}
