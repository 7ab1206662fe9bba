// JSON.parse, an object a record, a JavaScript Parquet writer with Node's own zstd
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cleanColumns } from '../../pins/in-javascript.ts'
import { job, ready, report } from '../../src/contestant.ts'

const { input, output } = job()
const bytes = await readFile(join(input, 'pins.jsonl'))
await ready()
const columns = cleanColumns()
for (let from = 0, end = bytes.indexOf('\n'); end >= 0; from = end + 1, end = bytes.indexOf('\n', from)) {
  columns.add(bytes.toString('utf8', from, end))
}
await columns.write(join(output, 'pins.parquet'))
report({ engine: 'hyparquet-writer 0.17.0' })
