import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runSql } from '../../src/index.ts'

let lake: string
beforeEach(async () => {
  lake = await mkdtemp(join(tmpdir(), 'millrace-sql-'))
})
afterEach(() => rm(lake, { recursive: true, force: true }))

it('whole numbers are numbers while those are exact, and text beyond', async () => {
  const { rows } = await runSql(lake, 'SELECT 1::BIGINT, 9007199254740993::BIGINT, 0.5, NULL')
  expect(rows).toEqual([[1, '9007199254740993', '0.5', null]])
})

it('times are ISO 8601 in UTC', async () => {
  const { rows } = await runSql(lake, "SELECT TIMESTAMPTZ '2022-01-02 03:04:05+02', DATE '2022-01-02'")
  expect(rows).toEqual([['2022-01-02T01:04:05Z', '2022-01-02']])
})

it('a broken table hurts only those who name it', async () => {
  await mkdir(join(lake, 'broken', '_delta_log'), { recursive: true })
  await writeFile(join(lake, 'broken', '_delta_log', '00000000000000000000.json'), 'not a log')
  expect((await runSql(lake, 'SELECT 1')).rows).toEqual([[1]])
  await expect(runSql(lake, 'SELECT * FROM broken')).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
})

it('what the SQL gets wrong is said in its own words', async () => {
  await expect(runSql(lake, 'SELECT * FROM nowhere')).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringContaining('nowhere'),
  })
  await expect(runSql(lake, 'SELEKT 1')).rejects.toMatchObject({ code: 'QUERY_FAILED' })
})

it('tables that are joined by USING are found', async () => {
  await expect(runSql(lake, 'SELECT * FROM near JOIN far USING (x)')).rejects.toMatchObject({
    message: expect.stringContaining('near'),
  })
  for (const name of ['near', 'far']) {
    await mkdir(join(lake, name, '_delta_log'), { recursive: true })
    await writeFile(join(lake, name, '_delta_log', '00000000000000000000.json'), 'not a log')
  }
  await expect(runSql(lake, 'SELECT * FROM near JOIN far USING (x)')).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
})

it('files beside the lake can be read as DuckDB reads them', async () => {
  await writeFile(join(lake, 'some.csv'), 'n\n17\n')
  expect((await runSql(lake, `SELECT n FROM '${join(lake, 'some.csv')}'`)).rows).toEqual([[17]])
  expect((await runSql(lake, `SELECT count(*) FROM '${lake}/*.csv'`)).rows).toEqual([[1]])
})
