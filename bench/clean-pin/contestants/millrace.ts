// @millrace/transform and the lake's Parquet: every record accounted for, statistics of every column
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type JoinedValues, systemRuntime } from '@millrace/base'
import { openDuckDB, stageParquet } from '@millrace/lake'
import { loadDataset, withCleanRows } from '@millrace/transform'
import { job, ready, report } from '../../src/contestant.ts'

/** As much as the worker gathers before it writes. */
const BATCH_BYTES = 64 << 20

const { input, output } = job()
const batches = [...joined(await readFile(join(input, 'pins.jsonl')))]
const dataset = await loadDataset('pin')
const engine = await openDuckDB()
const parts = { engine, workFolder: output, runtime: systemRuntime }
await ready()
for (const batch of batches) {
  await withCleanRows(dataset, [batch], parts, (query, connection) =>
    stageParquet(connection, query, dataset.schema, output, systemRuntime),
  )
}
report({})

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
