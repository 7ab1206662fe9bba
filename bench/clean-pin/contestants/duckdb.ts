// DuckDB alone: read_json on the file, the same SQL, no look at bad records
import { join } from 'node:path'
import { DuckDBInstance, version } from '@duckdb/node-api'
import { loadDataset } from '@millrace/transform'
import { rawPins } from '../../pins/raw.ts'
import { job, ready, report } from '../../src/contestant.ts'

const { input, output } = job()
const { sql } = await loadDataset('pin')
const instance = await DuckDBInstance.create(':memory:', { threads: '2', preserve_insertion_order: 'false' })
const connection = await instance.connect()
await ready()
await connection.run(`
  COPY (WITH raw AS (${rawPins(join(input, 'pins.jsonl'))}) ${sql})
  TO '${join(output, 'pins.parquet')}' (FORMAT parquet, COMPRESSION zstd)`)
report({ engine: `DuckDB ${version()}` })
