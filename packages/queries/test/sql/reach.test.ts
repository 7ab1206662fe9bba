import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSql, rowsOf, type SqlSession } from '../../src/index.ts'
import { makeTable, THINGS, thingsRows } from './lake.ts'

let folder: string
let session: SqlSession
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-reach-'))
  await makeTable(join(folder, 'lake'), 'things', THINGS, [thingsRows(0)])
  await writeFile(join(folder, 'numbers.csv'), 'n\n1\n2\n')
  session = await openSql(join(folder, 'lake'))
})
afterEach(async () => {
  await session[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Returns the rows of the statements as numbers. */
async function ask(sql: string): Promise<number[][]> {
  const results = await session.run(sql, async (result) => (await Array.fromAsync(rowsOf(result))).flat())
  return results.flat().map((row) => row.map(Number))
}
const REACHES_ALL = `SELECT (current_setting('enable_external_access') = true)::INTEGER AS reaches, count(*) FROM things`

test('a SELECT from tables reaches the lake and nothing else', async () => {
  expect(await ask(REACHES_ALL)).toEqual([[0, 10]])
  expect(await ask('SELECT sum(range) FROM range(4)')).toEqual([[6]])
  expect(await ask(REACHES_ALL)).toEqual([[0, 10]])
})

test.each([
  ['a function', (file: string) => `SELECT sum(n) FROM read_csv('${file}'), things WHERE id = n`],
  ['its name', (file: string) => `SELECT sum(n) FROM '${file}', things WHERE id = n`],
  ['a subquery', (file: string) => `SELECT sum(id) FROM things WHERE id IN (FROM '${file}')`],
])('a SELECT reads the files that it names by %s', async (_, sql) => {
  expect(await ask(REACHES_ALL)).toEqual([[0, 10]])
  expect(await ask(sql(join(folder, 'numbers.csv')))).toEqual([[3]])
})

test('after any other statement all files are reached, and what it made stays', async () => {
  await ask('CREATE TEMP TABLE kept AS SELECT 5 AS n')
  expect(await ask(REACHES_ALL)).toEqual([[1, 10]])
  expect(await ask('SELECT n FROM kept')).toEqual([[5]])
  await ask('SET threads = 1')
  expect(await ask('SELECT n + id FROM kept, things WHERE id = 1')).toEqual([[6]])
})

test('Parquet is written where it is asked for, from a table as from a file', async () => {
  const [one, other] = [join(folder, 'one.parquet'), join(folder, 'other.parquet')]
  await session.writeParquet('SELECT id FROM things', one)
  expect(await ask(REACHES_ALL)).toEqual([[0, 10]])
  await session.writeParquet(`SELECT n FROM '${join(folder, 'numbers.csv')}'`, other)
  for (const file of [one, other]) expect((await stat(file)).size).toBeGreaterThan(0)
})
