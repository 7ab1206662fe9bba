import { join } from 'node:path'
import { cleanPins } from '../pins/clean-parquet.ts'
import { ROWS_A_COMMIT, smallCommits } from '../pins/small-commits.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'

export const benchmark: Benchmark = {
  about: `Small files of ${ROWS_A_COMMIT} pins each made into large ones of at most 128 MiB, zstd.`,
  unit: 'files',
  size: 1000,
  reference: 'delta-rs',
  measures: 'work',
  async prepare({ size }, input) {
    const pins = await cleanPins(ROWS_A_COMMIT, input)
    return input('delta-small-files', { pins, commits: size }, async (folder) => {
      const { open, append } = await smallCommits(pins, folder)
      let snapshot = await open()
      for (let commit = 0; commit < size; commit++) snapshot = await append(snapshot)
    })
  },
  outputs: (output) => ({ pin: tableIn(join(output, 'pin')) }),
}
