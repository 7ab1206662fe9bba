import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { ingest } from '@millrace/ingest'
import { pinsAsLines } from '../pins/as-lines.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'

export const benchmark: Benchmark = {
  about:
    'Raw pins out of the embedded store, cleaned, into a Delta table; peers read the same records from a file of JSON lines. zstd throughout.',
  unit: 'rows',
  // The embedded store keeps 256 MiB: about 340,000 pins.
  size: 300_000,
  reference: 'duckdb',
  measures: 'process',
  guard: { size: 150_000, against: 'duckdb', least: 0.3 },
  async prepare({ size }, input) {
    const pins = join(await pinsAsLines(size, input), 'pins.jsonl')
    return input('thin-path', { pins }, async (folder) => {
      await symlink(pins, join(folder, 'pins.jsonl'))
      const to = `embedded:${join(folder, 'stream.db')}`
      const never = new AbortController().signal
      await ingest({ from: pins, to, datasets: ['pin'], mode: 'all', seed: 0 }, systemRuntime, never)
    })
  },
  outputs: (output) => ({ pin: tableIn(join(output, 'pin')) }),
}
