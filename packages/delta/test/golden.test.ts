import type { DuckDBConnection } from '@duckdb/node-api'
import { openScan, openTable, planScan } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { columnNames, differences, goldenTables } from './golden/golden.ts'
import { LOGS, NO_TABLES, REFUSALS } from './golden/logs.ts'
import { PLAIN } from './golden/plain.ts'
import { TYPED } from './golden/typed.ts'
import { sharedFolder } from './shared.ts'

const root = sharedFolder('data/delta-golden')
const tables = { ...PLAIN, ...TYPED }

describe.skipIf(root === undefined)('tables that Spark wrote, published by the Delta project', () => {
  const store = openLake(root ?? '')
  let duckdb: Awaited<ReturnType<typeof openDuckDB>>
  let connection: DuckDBConnection
  beforeAll(async () => {
    duckdb = await openDuckDB({ files: 'all' })
    connection = await duckdb.connect()
    // A DECIMAL of n digits out of the integer that it is.
    await connection.run(`CREATE MACRO unscaled(n, p) AS CASE p WHEN 10 THEN (n::DECIMAL(38, 0) * 0.00001)::DECIMAL(10, 5)
      ELSE (n::DECIMAL(38, 0) * 0.00001)::DECIMAL(20, 5) END`)
  })
  afterAll(() => duckdb.close())

  const open = async (path: string) => {
    const snapshot = await openTable({ store: await store, path })
    if (!snapshot) throw new Error(`${path} is no table`)
    return snapshot
  }

  test('every one of them has an expectation', () => {
    const expected = [tables, LOGS, REFUSALS].flatMap((group) => Object.keys(group))
    expect(goldenTables(root ?? '')).toEqual([...expected, ...NO_TABLES, 'spark-variant-checkpoint'].sort())
  })

  test.for(Object.entries(tables))('%s holds the rows that its authors wrote', async ([path, { rows }]) => {
    await using scan = await openScan(planScan(await open(path)), connection)
    expect(await columnNames(connection, scan.sql)).toEqual(await columnNames(connection, rows))
    expect(await differences(connection, scan.sql, rows)).toEqual([])
    await using counted = await openScan(planScan(await open(path), { columns: [] }), connection)
    const count = (sql: string) => `SELECT count(*) FROM (${sql})`
    expect(await differences(connection, count(counted.sql), count(rows))).toEqual([])
  })

  test.for(Object.entries(LOGS))('%s consists of the files that its authors left', async ([path, files]) => {
    expect([...(await open(path)).files.values().map((file) => file.path)].sort()).toEqual(files)
  })

  test.for(Object.entries(REFUSALS))('%s is refused', async ([path, { code, says }]) => {
    const opening = open(path)
    await expect(opening).rejects.toThrow(says)
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringContaining(path) })
  })

  test.for(NO_TABLES)('%s is no table', async (path) => {
    expect(await openTable({ store: await store, path })).toBeUndefined()
  })

  test('a variant is read as JSON text, wherever it is in a value', async () => {
    const snapshot = await open('spark-variant-checkpoint')
    await using all = await openScan(planScan(snapshot), connection)
    expect(await differences(connection, `SELECT count(*), sum(id) FROM (${all.sql})`, 'SELECT 102, 4951')).toEqual([])
    const reader = await connection.runAndReadAll(`SELECT * FROM (${all.sql}) WHERE id = 1 LIMIT 1`)
    const text = '{"key":1}'
    expect(reader.getRowObjectsJson()).toEqual([
      {
        id: '1',
        v: text,
        array_of_variants: [text, null, text, null, text],
        struct_of_variants: { v: text },
        map_of_variants: [
          { key: '1', value: text },
          { key: 'nullKey', value: null },
        ],
        array_of_struct_of_variants: [{ v: text }, { v: null }, null, { v: text }, null, { v: text }],
        struct_of_array_of_variants: { v: [null, text] },
      },
    ])
  })
})
