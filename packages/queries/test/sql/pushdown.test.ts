import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@millrace/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSql, rowsOf, runSql, type SqlSession, type TableRead } from '../../src/index.ts'
import { makeTable, THINGS, thingsRows } from './lake.ts'

const FILES = 5

let lake: string
let session: SqlSession
beforeAll(async () => {
  lake = await temporaryFolder(afterAll)
  const queries = Array.from({ length: FILES }, (_, file) => thingsRows(file))
  await makeTable(lake, 'things', THINGS, queries)
  await makeTable(lake, 'others', THINGS, queries)
  session = await openSql(lake)
})
afterAll(() => session[Symbol.asyncDispose]())

async function readsOf(sql: string): Promise<readonly TableRead[]> {
  return (await session.run(sql, async ({ reads }) => reads)).flat()
}

async function filesOf(sql: string): Promise<Record<string, number>> {
  return Object.fromEntries((await readsOf(sql)).map(({ table, files }) => [table, files]))
}

describe('files that can hold nothing of what is asked for are left out', () => {
  it.each([
    ['id = 7', 1],
    ['7 = id', 1],
    ['things.id = 7', 1],
    ['ID = 7', 1],
    ['id > 35', 2],
    ['35 < id', 2],
    ['id >= 10 AND id < 20', 1],
    ['id BETWEEN 9 AND 20', 3],
    ['id IN (3, 4, 47)', 2],
    ['id = 3 OR id = 44', 2],
    ['id < 5 AND length(word) > 3', 1],
    ['big = 7000000049', 1],
    ["word = 'w0033'", 1],
    ["word >= 'w0040'", 1],
    ['share < 2.6', 2],
    ["moment >= '2022-02-10'", 1],
    ["moment < TIMESTAMP '2022-01-05 00:00:00'", 1],
    ["moment = TIMESTAMPTZ '2022-01-13 00:00:00+00'", 1],
    ["day = DATE '2022-01-31'", 1],
    ["day <= '2022-01-10'", 1],
    ['id = -1', 0],
  ])('%s: %i files', async (where, files) => {
    expect(await filesOf(`SELECT * FROM things WHERE ${where}`)).toEqual({ things: files })
  })

  it.each([
    [
      'of each table by its own conditions',
      'SELECT * FROM things t JOIN others o USING (id) WHERE t.id = 3 AND o.big > 40000000000',
      { things: 1, others: 1 },
    ],
    [
      'in a part of the statement',
      'SELECT count(*) FROM (SELECT id FROM things WHERE id = 3) x WHERE id > 100',
      { things: 1 },
    ],
    ['below WITH', 'WITH few AS (SELECT id FROM things WHERE id = 3) SELECT * FROM few', { things: 1 }],
    [
      'of a table that is named twice, by either',
      'SELECT id FROM things WHERE id = 3 UNION SELECT id FROM things WHERE id = 43',
      { things: 2 },
    ],
    ['of a table that joins itself', 'SELECT * FROM things a, things b WHERE a.id = 3 AND b.id = 23', { things: 2 }],
  ])('%s', async (_, sql, files) => {
    expect(await filesOf(sql)).toEqual(files)
  })

  it('and are not opened: a query that does not need it does not miss a file that is gone', async () => {
    const folder = await temporaryFolder()
    const snapshot = await makeTable(folder, 'things', THINGS, [thingsRows(0), thingsRows(1)])
    const second = [...snapshot.files.values()].find(({ stats }) => stats?.includes('"id":10'))
    await rm(join(folder, 'things', String(second?.path)))
    expect((await runSql(folder, 'SELECT max(id) FROM things WHERE id < 9')).rows).toEqual([[8]])
    await expect(runSql(folder, 'SELECT max(id) FROM things')).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
  })
})

describe('all files are read where it is not sure that fewer will do', () => {
  it.each([
    ['a number beside text', 'SELECT * FROM things WHERE word = 7'],
    ['text beside a number', "SELECT * FROM things WHERE id = '7'"],
    ['a rounded number beside a long one', 'SELECT * FROM things WHERE big = 7000000049e0'],
    ['either of which one is not understood', 'SELECT * FROM things WHERE id = 3 OR length(word) = 9'],
    ['NOT', 'SELECT * FROM things WHERE NOT id = 3'],
    ['columns of other names', 'SELECT * FROM things AS t(big, id) WHERE id = 3'],
    ['a sample', 'SELECT * FROM things TABLESAMPLE 3 ROWS WHERE id = 3'],
    ['an outer join', 'SELECT * FROM others o LEFT JOIN things t ON t.id > o.id WHERE t.id = 3'],
    ['the nearest row', 'SELECT * FROM others o ASOF JOIN things t ON t.id <= o.id WHERE t.id = 3'],
    ['rows side by side', 'SELECT * FROM others o POSITIONAL JOIN things t WHERE t.id = 3'],
    ['one place that wants all', 'SELECT (SELECT count(*) FROM things) FROM things WHERE id = 3'],
    ['a name of its own', 'WITH things AS (SELECT * FROM others) SELECT * FROM things WHERE id = 3'],
    ['a function that names tables', "SELECT * FROM things, query_table('others') o WHERE things.id = 3"],
    ['no SELECT', 'CREATE OR REPLACE TEMP TABLE mine AS SELECT * FROM things WHERE id = 3'],
  ])('%s', async (_, sql) => {
    await using own = await openSql(lake)
    const reads = (await own.run(sql, async (result) => result.reads).catch(() => [])).flat()
    for (const read of reads.filter(({ table }) => table === 'things')) expect(read.files).toBe(FILES)
  })

  it('a view of the session sees the whole table, whatever else its statement says', async () => {
    await using own = await openSql(lake)
    const ask = (sql: string) => own.run(sql, async (result) => (await Array.fromAsync(rowsOf(result))).flat())
    await ask('CREATE MACRO everything() AS (SELECT count(*) FROM things)')
    expect(await ask('SELECT everything(), id FROM things WHERE id = 3')).toEqual([[[50, 3]]])
  })
})

const number = fc.integer({ min: -5, max: 55 })
const constant: Readonly<Record<string, fc.Arbitrary<string>>> = {
  id: fc.oneof(
    number.map(String),
    number.map((n) => `${n}.5`),
    number.map((n) => `'${n}'`),
  ),
  big: number.map((n) => String(BigInt(n) * 1000000007n)),
  word: fc.oneof(
    number.map((n) => `'w${String(Math.abs(n)).padStart(4, '0')}'`),
    fc.constant("''"),
  ),
  share: fc.oneof(
    number.map(String),
    number.map((n) => `${n}.25`),
    number.map((n) => `${n}e-1`),
  ),
  moment: number.map((n) => `'${new Date(Date.UTC(2022, 0, 1 + n, 12)).toISOString()}'`),
  day: number.map((n) => `DATE '${new Date(Date.UTC(2022, 0, 1 + n)).toISOString().slice(0, 10)}'`),
  flag: fc.constantFrom('true', 'false'),
}

const comparison = fc.constantFrom(...Object.keys(constant)).chain((column) => {
  const value = constant[column] as fc.Arbitrary<string>
  return fc.oneof(
    fc.tuple(fc.constantFrom('=', '<>', '<', '<=', '>', '>='), value).map(([op, c]) => `${column} ${op} ${c}`),
    fc.tuple(value, value).map(([a, b]) => `${column} BETWEEN ${a} AND ${b}`),
    fc.array(value, { minLength: 1, maxLength: 3 }).map((list) => `t.${column} IN (${list.join(', ')})`),
    fc.constantFrom(`${column} IS NULL`, `${column} IS NOT NULL`, `NOT ${column} IS NULL`),
  )
})

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    comparison,
    fc.tuple(tie('condition'), fc.constantFrom('AND', 'OR'), tie('condition')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('condition').map((inner) => `NOT (${inner})`),
  ),
}))

it('leaving files out changes no answer', async () => {
  await using whole = await openSql(lake)
  await whole.run('SET threads = 1', async () => {})
  const ask = (of: SqlSession, sql: string) =>
    of.run(sql, async (result) => (await Array.fromAsync(rowsOf(result))).flat())
  let leftOut = 0
  await fc.assert(
    fc.asyncProperty(condition, async (where) => {
      const sql = `SELECT count(*), sum(id), count(word) FROM things t WHERE ${where}`
      expect(await ask(session, sql)).toEqual(await ask(whole, sql))
      const [read] = await readsOf(sql)
      leftOut += FILES - (read?.files ?? 0)
    }),
    { numRuns: 150 },
  )
  expect(leftOut).toBeGreaterThan(50)
})
