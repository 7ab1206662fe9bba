// @millrace/transform and the lake's Parquet: every record accounted for, statistics of every column
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type JoinedValues, openWorkFolder, systemRuntime } from '@millrace/base'
import { stageParquet } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset, withCleanRows } from '@millrace/transform'
import { job, ready, report } from '../../src/contestant.ts'

/** As much as the worker gathers before it writes. */
const BATCH_BYTES = 24 << 20

/** As many as the worker gives to the engine at once. */
const BATCHES_AT_ONCE = 2

const { input, output } = job()
const batches = [...joined(await readFile(join(input, 'pins.jsonl')))]
const dataset = await loadDataset('pin', [PINTEREST.datasets])
const engine = await openDuckDB()
const workFolder = await openWorkFolder()
const parts = { engine, workFolder: workFolder.path, runtime: systemRuntime }
await ready()
await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, cleanOnAndOn))
report({})
await workFolder.close()

async function cleanOnAndOn(): Promise<void> {
  for (let batch = batches.pop(); batch; batch = batches.pop()) {
    await withCleanRows(dataset, [batch], parts, async (query, connection) => {
      const file = await stageParquet(connection, query, dataset.schema, output, systemRuntime)
      return { result: file, rows: `FROM read_parquet('${file.localPath}')`, discard: async () => {} }
    })
  }
}

/** As a source hands messages over: their bytes, and where each ends. */
function* joined(lines: Buffer): Generator<JoinedValues> {
  for (let from = 0; from < lines.length; ) {
    const last = lines.lastIndexOf('\n', from + BATCH_BYTES)
    const bytes = lines.subarray(from, last + 1)
    const ends: number[] = []
    for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', end + 1)) ends.push(end)
    yield { count: ends.length, bytes, ends: Int32Array.from(ends), careful: false }
    from = last + 1
  }
}
