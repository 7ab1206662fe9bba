// bare DuckDB: read_json with types, the same cleaning, DISTINCT, Parquet, the same questions; no log, no look at bad records
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance, version } from '@duckdb/node-api'
import { job, report } from '../../src/contestant.ts'
import { placesIn } from '../places.ts'
import { rawDataset, rawQuestions } from '../raw-sql.ts'

const { input, output } = job()
const { tables, answers } = placesIn(output)
await Promise.all([tables, answers].map((folder) => mkdir(folder, { recursive: true })))
const instance = await DuckDBInstance.create(':memory:', { threads: '2', preserve_insertion_order: 'false' })
const connection = await instance.connect()
await connection.run("SET TimeZone = 'UTC'")

const TYPES: Readonly<Record<string, string>> = {
  text: 'VARCHAR',
  integer: 'INTEGER',
  long: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMPTZ',
}

for (const name of ['pin', 'geo', 'user']) {
  const { fields, sql } = await rawDataset(name)
  const columns = fields.map(([field, type]) => `${field}: '${TYPES[type]}'`).join(', ')
  const raw = `SELECT * FROM read_json('${join(input, name)}.jsonl', format = 'newline_delimited', columns = {${columns}})`
  const folder = join(tables, name)
  await mkdir(folder)
  const rows = `SELECT DISTINCT * FROM (WITH raw AS (${raw}) SELECT * FROM (${sql}\n))`
  await connection.run(
    `COPY (${rows}) TO '${join(folder, 'rows.parquet')}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
  )
  await connection.run(`CREATE VIEW "${name}" AS FROM '${join(folder, 'rows.parquet')}'`)
}
const { views, questions } = await rawQuestions()
for (const { id, sql } of views) await connection.run(`CREATE TABLE ${id} AS ${sql}`)
for (const { id, sql } of questions) {
  await connection.run(`COPY (${sql}) TO '${join(answers, `${id}.json`)}' (FORMAT json)`)
}
report({ engine: `DuckDB ${version()}` })
