// @millrace/transform and the lake's Parquet: every record accounted for, statistics of every column
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemRuntime } from '@millrace/base'
import { openOrCreate } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { memoryStore } from '@millrace/store'
import { createCleaner, loadDataset } from '@millrace/transform'
import { joinedLines } from '../../pins/joined-lines.ts'
import { job, ready, report } from '../../src/contestant.ts'

/** Not from testkit: all that it imports would be measured too. */
const DATASETS = fileURLToPath(new URL('../../../examples/pinterest/datasets', import.meta.url))

/** As many as the worker gives to the engine at once. */
const BATCHES_AT_ONCE = 2

const { input, output } = job()
const batches = [...joinedLines(await readFile(join(input, 'pins.jsonl')))]
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
