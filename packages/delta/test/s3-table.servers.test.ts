import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { DuckDBConnection } from '@duckdb/node-api'
import { systemRuntime } from '@millrace/base'
import { openDuckDB, readableBy } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import type { S3Address } from '@millrace/testkit'
import { temporaryFolder, withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { appendRows, openOrCreate, openScan, openTable, planScan, type Snapshot } from '../src/index.ts'
import { openTestLake } from './s3-lake.ts'
import { column, committed, reopened, struct } from './test-tables.ts'

const it = withServices('s3')
const SCHEMA = struct(column('id', 'long', false), column('place', 'string'))

/** Partitions whose names want escaping, in the log and in the addresses of their files. */
const PLACES = ["O'ahu", 'a b+c', '100%', 'k=v/w', '東京', '😀', 'what?', '[1-2]*']
const ROWS = `SELECT i AS id, list_value(${PLACES.map((place) => `'${place.replace("'", "''")}'`).join()})[1 + i % ${PLACES.length}] AS place FROM range(800) t(i)`

async function openEngine(): Promise<DuckDBConnection> {
  const engine = await openDuckDB({ files: 'all' })
  onTestFinished(() => engine.close())
  return engine.connect()
}

async function tableOn(
  s3: S3Address,
  connection: DuckDBConnection,
): Promise<{ store: ObjectStore; written: Snapshot }> {
  const folder = await temporaryFolder()
  const store = await openTestLake(s3, { cache: { folder: join(folder, 'cache') } })
  const context = { connection, folder: join(folder, 'staging'), runtime: systemRuntime }
  const table = { store, path: 'places' }
  const created = await openOrCreate(table, { schema: SCHEMA, partitionColumns: ['place'] }, systemRuntime)
  return { store, written: await committed(appendRows(created, ROWS, context)) }
}

async function sumsByPlace(snapshot: Snapshot, connection: DuckDBConnection): Promise<unknown> {
  await using scan = await openScan(planScan(snapshot), connection)
  const result = await connection.runAndReadAll(
    `SELECT place, count(*)::INTEGER, sum(id)::INTEGER FROM (${scan.sql}) GROUP BY place ORDER BY min(id)`,
  )
  return result.getRowsJson()
}

const EXPECTED = PLACES.map((place, i) => [place, 100, 8 * 4950 + 100 * i])

it('a table in a bucket is written, opened again and read through local copies', async ({ s3 }) => {
  const connection = await openEngine()
  await connection.run(`SET extension_directory = '${await temporaryFolder()}'`)
  const { written } = await tableOn(s3, connection)

  expect(await sumsByPlace(await reopened(written), connection)).toEqual(EXPECTED)
})

withServices('s3', 'httpfs')('a table in a bucket is read by DuckDB itself where it can', async ({ s3, httpfs }) => {
  const connection = await openEngine()
  await connection.run(`LOAD '${join(httpfs, 'httpfs.duckdb_extension')}'`)
  const { store } = await tableOn(s3, connection)
  const written = await openTable({ store, path: 'places' })
  if (!written) throw new Error('the table is gone')

  const { paths } = await readableBy(connection, store, ['places/part-1.parquet'])

  expect(paths).toEqual([`${store.url}/places/part-1.parquet`])
  expect(await sumsByPlace(written, connection)).toEqual(EXPECTED)
})

withServices('s3', 'httpfs')(
  'DuckDB reads a table in a bucket and nothing else of the server',
  async ({ s3, httpfs }) => {
    const { store, written } = await tableOn(s3, await openEngine())
    const home = await temporaryFolder()
    const program = fileURLToPath(new URL('programs/read-confined.ts', import.meta.url))
    const env = {
      ...process.env,
      HOME: home,
      LAKE: store.url,
      ENDPOINT: s3.endpoint,
      REGION: s3.region,
      HTTPFS: httpfs,
    }
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env })
    expect(JSON.parse(stdout)).toEqual({
      path: `${store.url}/places/part-1.parquet`,
      rows: [...written.files.values()].length * 100,
      other: expect.stringContaining('disabled by configuration'),
    })
  },
)
