// DuckDB alone, its Parquet settings those of millrace: read_json on the file, the same SQL, no look at bad records
import { join } from 'node:path'
import { DuckDBInstance, version } from '@duckdb/node-api'
import { cleanPinsQuery } from '../../pins/raw.ts'
import { job, ready, report } from '../../src/contestant.ts'

const { input, output } = job()
const query = await cleanPinsQuery(join(input, 'pins.jsonl'))
const instance = await DuckDBInstance.create(':memory:', { threads: '2', preserve_insertion_order: 'false' })
const connection = await instance.connect()
await ready()
const writing = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE_BYTES '8MB'"
await connection.run(`COPY (${query}) TO '${join(output, 'pins.parquet')}' (${writing})`)
report({ engine: `DuckDB ${version()}` })
