import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { filesOf, openDuckDB, readableBy } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { openTable, planScan, withScan } from '../../src/index.ts'

/** Reads a table of a bucket by an engine that has the extension for S3 where DuckDB looks for it: in the home folder. */
const { HOME = '', HTTPFS = '', LAKE = '', ENDPOINT = '', REGION = '' } = process.env
const everywhere = await openDuckDB({ files: 'all', threads: 1 })
const asked = await (await everywhere.connect()).runAndReadAll(
  'SELECT version(), (SELECT platform FROM pragma_platform())',
)
everywhere.close()
const [version, platform] = asked.getRows()[0] as [string, string]
const extensions = join(HOME, '.duckdb', 'extensions', version, platform)
await mkdir(extensions, { recursive: true })
await copyFile(join(HTTPFS, 'httpfs.duckdb_extension'), join(extensions, 'httpfs.duckdb_extension'))

const store = await openLake(`${LAKE}?${new URLSearchParams({ endpoint: ENDPOINT, region: REGION })}`)
const engine = await openDuckDB({ files: filesOf(store), threads: 1 })
const connection = await engine.connect()
const { paths } = await readableBy(connection, store, ['places/part-1.parquet'])
const table = await openTable({ store, path: 'places' })
if (!table) throw new Error('the table is gone')
const counted = await withScan(planScan(table), connection, (sql) =>
  connection.runAndReadAll(`SELECT count(*)::INTEGER FROM (${sql})`),
)
const other = await connection.run(`FROM '${LAKE.replace(/([^/]+)$/, 'other-$1')}/x.parquet'`).then(
  () => 'read',
  (error: Error) => error.message,
)
process.stdout.write(JSON.stringify({ path: paths[0], rows: counted.getRows()[0]?.[0], other }))
engine.close()
