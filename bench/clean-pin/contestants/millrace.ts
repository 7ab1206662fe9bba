// @millrace/transform and the lake's Parquet: every record accounted for, statistics of every column
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type JoinedValues, systemRuntime } from '@millrace/base'
import { openOrCreate } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { memoryStore } from '@millrace/store'
import { createCleaner, loadDataset } from '@millrace/transform'
import { job, ready, report } from '../../src/contestant.ts'

/** Not from testkit: all that it imports would be measured too. */
const DATASETS = fileURLToPath(new URL('../../../examples/pinterest/datasets', import.meta.url))

/** As much as the worker gathers before it writes. */
const BATCH_BYTES = 24 << 20

/** As many as the worker gives to the engine at once. */
const BATCHES_AT_ONCE = 2

const { input, output } = job()
const batches = [...joined(await readFile(join(input, 'pins.jsonl')))]
const dataset = await loadDataset('pin', [DATASETS])
const engine = await openDuckDB({ files: 'all' })
const cleaner = createCleaner({ engine, workFolder: output, runtime: systemRuntime })
const table = { store: memoryStore(), path: 'pin' }
const snapshot = await openOrCreate(table, { schema: dataset.schema }, systemRuntime)
await ready()
await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, cleanOnAndOn))
report({})
engine.close()
// The cleaner's own files stay as long as its work folder.
for (const name of await readdir(output)) if (name.endsWith('.jsonl')) await rm(join(output, name))

async function cleanOnAndOn(): Promise<void> {
  for (let batch = batches.pop(); batch; batch = batches.pop()) {
    await cleaner.cleanIntoFiles(dataset, [batch], { snapshot })
  }
}

/** As a source hands messages over: their bytes, and where each ends. */
function* joined(lines: Buffer): Generator<JoinedValues> {
  for (let from = 0; from < lines.length; ) {
    const last = lines.lastIndexOf('\n', from + BATCH_BYTES)
    const bytes = lines.subarray(from, last + 1)
    const ends: number[] = []
    for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', end + 1)) ends.push(end)
    const traits = { nulls: false, lineBreaks: false, longest: 1 << 20, first: 0x7b }
    yield { count: ends.length, bytes, ends: Int32Array.from(ends), traits }
    from = last + 1
  }
}
