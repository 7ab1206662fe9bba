import { join } from 'node:path'
import type { S3Address } from '@millrace/testkit'
import { freshName, trinoCatalog, trinoSql } from '@millrace/testkit'
import { expect } from 'vitest'
import { appendRows, optimizeTable, replaceRows, vacuumTable, writeCheckpoint } from '../src/index.ts'
import { commitName } from '../src/log/log.ts'
import { everything, rowsOfEverything } from './all-types.ts'
import { openTestLake } from './s3-lake.ts'
import { committed, EVERY_ROW, openTestTables, reopened, type TestTables } from './test-tables.ts'

const rows = (from: number, to: number) => rowsOfEverything(from, to, 'milliseconds')

/** The same words in DuckDB and in Trino, whose answers are texts that both print alike. */
const STATS = `SELECT count(*) AS "#", ${[
  ...everything.fields.map(({ name }) => `count("${name}") AS "count ${name}"`),
  ...['id', 'tiny', 'small', 'medium', 'price', 'exact', 'text', 'day', 'kind'].flatMap((name) =>
    ['min', 'max'].map((what) => `CAST(${what}("${name}") AS VARCHAR) AS "${what} ${name}"`),
  ),
  ...['tiny', 'small', 'medium', 'price', 'exact'].map((name) => `CAST(sum("${name}") AS VARCHAR) AS "sum ${name}"`),
  ...['single', 'double'].map((name) => `CAST(4 * sum("${name}") AS BIGINT) AS "four times ${name}"`),
  'CAST(sum("id" - 9007199254740993) AS BIGINT) AS "ids"',
  'CAST(sum("nested"."x") AS BIGINT) AS "deep"',
  'max("nested"."deep"."y") AS "deepest"',
  `count(CASE WHEN "yes" THEN 1 END) AS "yeses"`,
  `count(CASE WHEN "list"[1] = 'a' AND "list"[2] IS NULL THEN 1 END) AS "lists"`,
].join(', ')}`

interface HttpAddress {
  readonly url: string
}

interface Surroundings {
  readonly testTables: TestTables
  /** Of the testTables's lake, as Trino addresses it. */
  readonly url: string
  readonly catalog: string
}

export async function openSurroundings(trino: HttpAddress, s3: S3Address): Promise<Surroundings> {
  const testTables = await openTestTables((folder) => openTestLake(s3, { cache: { folder: join(folder, 'cache') } }))
  const url = String(testTables.store.url.split('?')[0])
  const catalog = freshName('lake').replaceAll('-', '_')
  await trinoCatalog(trino, catalog, String(url.split('/')[2]), s3)
  await trinoSql(trino, `CREATE SCHEMA ${catalog}.tables WITH (location = '${url}/tables')`)
  return { testTables, url, catalog }
}

/** A table of all types is to Trino what it is to us, whatever was done to it. */
export async function compareWithTrino(
  trino: HttpAddress,
  s3: S3Address,
  partitionColumns: readonly string[],
): Promise<void> {
  const { testTables, url, catalog } = await openSurroundings(trino, s3)
  try {
    let snapshot = await testTables.create({ schema: everything, partitionColumns })
    const { path } = snapshot.table
    await trinoSql(trino, `CALL ${catalog}.system.register_table('tables', '${path}', '${url}/${path}')`)
    const same = async (done: string) => {
      snapshot = await reopened(snapshot)
      const [ours] = await testTables.ask(snapshot, `${STATS} FROM rows`)
      const [theirs] = await trinoSql(trino, `${STATS} FROM ${catalog}.tables.${path}`)
      expect(inWords(theirs), done).toEqual(inWords(ours))
    }
    snapshot = await committed(appendRows(snapshot, rows(0, 40), testTables))
    snapshot = await committed(appendRows(snapshot, rows(40, 80), testTables))
    await same('appended')
    const early = { op: '<', column: 'medium', value: 10 } as const
    snapshot = await committed(replaceRows(snapshot, early, rows(5, 10), testTables))
    snapshot = await committed(replaceRows(snapshot, { op: '=', column: 'medium', value: 33 }, rows(0, 0), testTables))
    await same('replaced')
    snapshot = (await optimizeTable(snapshot, testTables)).snapshot
    await same('optimized')
    expect(await writeCheckpoint(snapshot, testTables)).toBe(true)
    const log = `${path}/_delta_log/`
    for (let gone = 0; gone < snapshot.version; gone++) await testTables.store.delete(log + commitName(gone))
    await same('checkpointed')
    snapshot = await committed(replaceRows(snapshot, EVERY_ROW, rows(100, 120), testTables))
    await same('overwritten')
    const { keys } = await vacuumTable(snapshot, testTables, { retentionMs: -60_000, force: true })
    expect(keys.length).toBeGreaterThan(0)
    await same('vacuumed')
  } finally {
    await testTables.close()
  }
}

/** Trino's JSON and DuckDB's print numbers in their own ways. */
export function inWords(row: Readonly<Record<string, unknown>> | undefined) {
  return Object.fromEntries(
    Object.entries(row ?? {}).map(([name, value]) => [name, value === null ? null : `${value}`]),
  )
}
