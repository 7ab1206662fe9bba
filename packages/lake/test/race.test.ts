import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { temporaryFolder, withServices } from '@millrace/testkit'
import { expect, test } from 'vitest'
import { openDuckDB } from '../src/duckdb.ts'
import type { TableRef } from '../src/log/log.ts'
import { openScan, planScan } from '../src/read/scan.ts'
import { openTable } from '../src/read/snapshot.ts'
import { openLake } from '../src/store/address.ts'
import { race } from './programs/race.ts'
import { openTestLake } from './store/s3-lake.ts'

const WRITERS = 8
const APPENDS = 100
const MINUTES = 60_000

async function expectEveryRowOnce(table: TableRef) {
  const engine = await openDuckDB()
  const connection = await engine.connect()
  const snapshot = await openTable(table)
  if (!snapshot) throw new Error('no table')
  expect(snapshot.version).toBe(WRITERS * APPENDS)
  await using rows = await openScan(planScan(snapshot), connection)
  const result = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER, min(id)::INTEGER, max(id)::INTEGER FROM (${rows.sql})`,
  )
  expect(result.getRows()).toEqual([[WRITERS * APPENDS, WRITERS * APPENDS, 0, WRITERS * APPENDS - 1]])
  connection.closeSync()
  engine.close()
}

test(
  `${WRITERS} processes append to a table in a folder ${APPENDS} times each, and every row is there once`,
  async () => {
    const folder = await temporaryFolder()
    const program = new URL('programs/race.ts', import.meta.url).pathname
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      promisify(execFile)(process.execPath, [
        program,
        ...[`${folder}/lake`, 'table', `${folder}/staging`, String(writer), String(APPENDS)],
      ]),
    )
    await Promise.all(writers)
    await expectEveryRowOnce({ store: await openLake(`${folder}/lake`), path: 'table' })
  },
  5 * MINUTES,
)

const itOnS3 = withServices('s3')

itOnS3(
  `${WRITERS} writers append to a table on S3 ${APPENDS} times each, and every row is there once`,
  { timeout: 5 * MINUTES },
  async ({ s3 }) => {
    const folder = await temporaryFolder()
    const store = await openTestLake(s3, { cache: { folder: `${folder}/cache` } })
    const engine = await openDuckDB()
    const table = { store, path: 'table' }
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      race(table, engine, `${folder}/staging`, writer, APPENDS),
    )
    await Promise.all(writers)
    engine.close()
    await expectEveryRowOnce(table)
  },
)
