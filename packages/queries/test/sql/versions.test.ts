import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { temporaryFolder } from '@millrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportViews, runSql } from '../../src/index.ts'
import { makeTable, THINGS, thingsRows } from './lake.ts'

let lake: string
beforeAll(async () => {
  lake = await temporaryFolder(afterAll)
  await makeTable(lake, 'things', THINGS, [thingsRows(0), thingsRows(1), thingsRows(2)])
})

const ask = async (sql: string) => (await runSql(lake, sql)).rows

describe('older versions in the SQL itself', () => {
  it('stand beside today’s, by their number', async () => {
    expect(await ask('SELECT (SELECT count(*) FROM things AT (VERSION => 1)), (SELECT count(*) FROM things)')).toEqual([
      [10, 30],
    ])
  })

  it('keep the name of their table', async () => {
    const sql = `SELECT count(*) FROM things new LEFT JOIN things AT (VERSION => 2) ON things.id = new.id WHERE things.id IS NULL`
    expect(await ask(sql)).toEqual([[10]])
  })

  it('are found by a time', async () => {
    const inFuture = new Date(Date.now() + 3_600_000).toISOString()
    expect(await ask(`SELECT count(*) FROM things AT (TIMESTAMP => TIMESTAMP '${inFuture.slice(0, 19)}')`)).toEqual([
      [30],
    ])
    await expect(ask("SELECT * FROM things AT (TIMESTAMP => '2001-01-01')")).rejects.toMatchObject({
      code: 'TABLE_NOT_FOUND',
    })
  })

  it('that are no version or time are refused with how to say it', async () => {
    await expect(ask("SELECT * FROM things AT (VERSION => 'now')")).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      next: expect.stringContaining('AT (VERSION => 3)'),
    })
  })

  it('leave every digit of the rest of the SQL as it is', async () => {
    const sql = 'SELECT 9007199254740993, 0.1000000000000000055, count(*) FROM things AT (VERSION => 1)'
    expect(await ask(sql)).toEqual([['9007199254740993', '0.1000000000000000055', 10]])
  })
})

describe('an exported file', () => {
  it('shows DuckDB alone the same tables', async () => {
    const file = join(await temporaryFolder(), 'lake.duckdb')
    expect(await exportViews(lake, file)).toEqual(['things'])
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
    const connection = await instance.connect()
    const rows = (await connection.runAndReadAll('SELECT count(*), max(word) FROM things WHERE id < 25')).getRows()
    instance.closeSync()
    expect(rows).toEqual([[25n, 'w0024']])
  })

  it('takes the place of nothing', async () => {
    const file = join(await temporaryFolder(), 'lake.duckdb')
    await exportViews(lake, file)
    expect(existsSync(file)).toBe(true)
    await expect(exportViews(lake, file)).rejects.toMatchObject({ code: 'USAGE' })
  })
})
