import { trinoSql, withServices } from '@millrace/testkit'
import { expect, vi } from 'vitest'
import {
  ACTION,
  appendRows,
  changeRows,
  FILE,
  openTable,
  ROW,
  type Snapshot,
  TARGET,
  writeCheckpoint,
} from '../src/index.ts'
import { column, committed, reopened, struct, type TestTables } from './test-tables.ts'
import { compareWithTrino, inWords, openSurroundings } from './trino-tables.ts'

const it = withServices('trino', 's3')
vi.setConfig({ testTimeout: 300_000 })

it('a table of all types is to Trino what it is to us, whatever was done to it', ({ trino, s3 }) =>
  compareWithTrino(trino, s3, []))

const sums = 'SELECT count(*) AS n, CAST(sum(id) AS BIGINT) AS ids, max(text) AS last'

async function ourSums(testTables: TestTables, snapshot: Snapshot) {
  return (await testTables.ask(snapshot, `${sums} FROM rows`)).map(inWords)
}

it('a table of ours is appended to, changed and optimized by Trino as one of its own, in turn with us', async ({
  trino,
  s3,
}) => {
  const { testTables, url, catalog } = await openSurroundings(trino, s3)
  try {
    let snapshot = await testTables.create({ schema: struct(column('id', 'long'), column('text', 'string')) })
    const { path } = snapshot.table
    const name = `${catalog}.tables.${path}`
    await trinoSql(trino, `CALL ${catalog}.system.register_table('tables', '${path}', '${url}/${path}')`)
    const ids = (from: number) => `SELECT i AS id, 'row ' || i AS text FROM range(${from}, ${from + 10}) t(i)`
    for (let turn = 0; turn < 3; turn++) {
      snapshot = await committed(appendRows(await reopened(snapshot), ids(turn * 10), testTables))
      await trinoSql(trino, `INSERT INTO ${name} VALUES (${100 + turn}, 'by Trino'), (NULL, 'nobody')`)
    }
    await trinoSql(trino, `UPDATE ${name} SET text = 'changed' WHERE id < 2`)
    await trinoSql(trino, `DELETE FROM ${name} WHERE id = 9`)
    await trinoSql(trino, `ALTER TABLE ${name} EXECUTE optimize`)
    await writeCheckpoint(await reopened(snapshot), testTables)
    snapshot = await committed(appendRows(await reopened(snapshot), ids(200), testTables))
    const theirs = (await trinoSql(trino, `${sums} FROM ${name}`)).map(inWords)
    expect(theirs).toEqual([{ n: '45', ids: String(435 + 303 - 9 + 2045), last: 'row 8' }])
    expect(await ourSums(testTables, snapshot)).toEqual(theirs)
  } finally {
    await testTables.close()
  }
})

it('a table that Trino made, partitioned, is read and appended to by us', async ({ trino, s3 }) => {
  const { testTables, catalog } = await openSurroundings(trino, s3)
  try {
    const name = `${catalog}.tables.theirs`
    const properties = `WITH (partitioned_by = ARRAY['kind'])`
    const select = `SELECT n AS id, 'row ' || CAST(n AS varchar) AS text, n % 2 AS kind FROM UNNEST(sequence(1, 100)) AS t(n)`
    await trinoSql(trino, `CREATE TABLE ${name} ${properties} AS ${select}`)
    await trinoSql(trino, `DELETE FROM ${name} WHERE id = 50`)
    const [at] = await trinoSql(
      trino,
      `SELECT DISTINCT regexp_extract("$path", 'prefix/(.*?)/kind', 1) AS path FROM ${name}`,
    )
    const opened = await openTable({ store: testTables.store, path: String(at?.path) })
    if (!opened) throw new Error('there is no such table')
    const more = `SELECT 1000 AS id, 'ours' AS text, 1 AS kind`
    const snapshot = await committed(appendRows(opened, more, testTables))
    const theirs = (await trinoSql(trino, `${sums} FROM ${name}`)).map(inWords)
    expect(theirs).toEqual([{ n: '100', ids: '6000', last: 'row 99' }])
    expect(await ourSums(testTables, snapshot)).toEqual(theirs)
  } finally {
    await testTables.close()
  }
})

it('rows that we delete and update are so for Trino, copied or marked by deletion vectors', async ({ trino, s3 }) => {
  const { testTables, catalog } = await openSurroundings(trino, s3)
  try {
    for (const vectors of [false, true]) {
      const name = `${catalog}.tables.changed_${vectors}`
      const properties = `WITH (partitioned_by = ARRAY['kind'], deletion_vectors_enabled = ${vectors})`
      const select = `SELECT n AS id, 'row ' || CAST(n AS varchar) AS text, n % 3 AS kind FROM UNNEST(sequence(1, 100)) AS t(n)`
      await trinoSql(trino, `CREATE TABLE ${name} ${properties} AS ${select}`)
      const [at] = await trinoSql(
        trino,
        `SELECT regexp_extract("$path", 'prefix/(.*?)/kind', 1) AS path FROM ${name} LIMIT 1`,
      )
      const opened = await openTable({ store: testTables.store, path: String(at?.path) })
      if (!opened) throw new Error('there is no such table')
      const action = `CASE WHEN id % 5 = 0 THEN 'delete' ELSE 'update' END AS ${ACTION}`
      const statement = {
        ...({ operation: 'MERGE', parameters: {}, actions: ['delete', 'update'] } as const),
        ...{ reads: { where: undefined }, columns: ['id', 'text', 'kind'] },
        sql: `SELECT ${action}, ${FILE}, ${ROW}, id, 'young ' || id AS text, kind + 1 AS kind FROM ${TARGET} WHERE id % 5 < 2`,
      }
      const done = await changeRows(opened, async () => statement, testTables)
      expect(done).toMatchObject({ deleted: 20, updated: 20, inserted: 0, filesChanged: 3 })
      const snapshot = await reopened(opened)
      expect([...snapshot.files.values()].some(({ deletionVector }) => deletionVector)).toBe(vectors)
      const sum =
        'SELECT count(*) AS n, CAST(sum(id) AS BIGINT) AS ids, max(text) AS last, CAST(sum(kind) AS BIGINT) AS kinds FROM'
      const theirs = (await trinoSql(trino, `${sum} ${name}`)).map(inWords)
      expect(theirs).toMatchObject([{ n: '80', ids: '4000', last: 'young 96' }])
      expect((await testTables.ask(snapshot, `${sum} rows`)).map(inWords)).toEqual(theirs)
    }
  } finally {
    await testTables.close()
  }
})
