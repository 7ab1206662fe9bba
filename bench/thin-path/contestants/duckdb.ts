// bare DuckDB: read_json, the same SQL, one Parquet file; no log, no progress, no look at bad records
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance, version } from '@duckdb/node-api'
import { cleanPinsQuery } from '../../pins/raw.ts'
import { job, report } from '../../src/contestant.ts'

const { input, output } = job()
const query = await cleanPinsQuery(join(input, 'pins.jsonl'))
const instance = await DuckDBInstance.create(':memory:', { threads: '2', preserve_insertion_order: 'false' })
await mkdir(join(output, 'pin'))
const connection = await instance.connect()
await connection.run(
  `COPY (${query}) TO '${join(output, 'pin/pins.parquet')}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
)
report({ engine: `DuckDB ${version()}` })
