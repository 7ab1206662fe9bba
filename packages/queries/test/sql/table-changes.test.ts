import { systemRuntime } from '@millrace/base'
import { commit, openTable, optimizeTable } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { temporaryFolder } from '@millrace/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runSql } from '../../src/index.ts'
import { makeTable } from './lake.ts'

const field = (name: string, type: string) => ({ name, type, nullable: true, metadata: {} })
const schema = { type: 'struct' as const, fields: [field('id', 'long'), field('word', 'string')] }

let lake: string
beforeAll(async () => {
  lake = await temporaryFolder(afterAll)
})
let tables = 0

/** Makes a table with these properties and features, and does the statements. Returns its name. */
async function changed(properties: Record<string, string>, features: readonly string[], statements: readonly string[]) {
  const name = `t${tables++}`
  const rows = (from: number) => `SELECT i AS id, 'w' || i AS word FROM range(${from}, ${from + 5}) r(i)`
  const made = await makeTable(lake, name, schema, [])
  const reader = features.filter((feature) => feature === 'deletionVectors')
  const protocol = { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: reader, writerFeatures: features }
  const metadata = { ...made.metadata, configuration: { ...made.metadata.configuration, ...properties } }
  await commit(made, { operation: 'SET TBLPROPERTIES', metadata, protocol }, systemRuntime)
  for (const sql of [`INSERT INTO t ${rows(0)}`, `INSERT INTO t ${rows(5)}`, ...statements]) {
    if (sql === 'OPTIMIZE') await optimize(name)
    else await runSql(lake, sql.replaceAll(/\bt\b/g, name), { writes: true })
  }
  return name
}

async function optimize(path: string): Promise<void> {
  const engine = await openDuckDB({ files: 'all' })
  const snapshot = await openTable({ store: await openLake(lake), path })
  const context = { connection: await engine.connect(), folder: `${lake}/.staging`, runtime: systemRuntime }
  if (snapshot) await optimizeTable(snapshot, context)
  engine.close()
}

const STATEMENTS = [
  `UPDATE t SET word = 'new' WHERE id = 3`,
  'DELETE FROM t WHERE id = 4',
  'OPTIMIZE',
  `MERGE INTO t USING (VALUES (1, 'one'), (20, 'twenty')) s(id, word) ON s.id = t.id
   WHEN MATCHED THEN UPDATE SET word = s.word WHEN NOT MATCHED THEN INSERT *`,
]

const changes = async (name: string, asked: string) =>
  (
    await runSql(
      lake,
      `SELECT _commit_version, _change_type, id, word FROM table_changes('${name}', ${asked}) ORDER BY ALL`,
    )
  ).rows

const IMAGES = [
  [4, 'update_postimage', 3, 'new'],
  [4, 'update_preimage', 3, 'w3'],
  [5, 'delete', 4, 'w4'],
  [7, 'insert', 20, 'twenty'],
  [7, 'update_postimage', 1, 'one'],
  [7, 'update_preimage', 1, 'w1'],
]
const HALVES = IMAGES.map(([version, type, ...row]) => [
  ...[version, type === 'update_postimage' ? 'insert' : type === 'update_preimage' ? 'delete' : type],
  ...row,
]).toSorted(
  (a, b) => Number(a[0]) - Number(b[0]) || String(a[1]).localeCompare(String(b[1])) || Number(a[2]) - Number(b[2]),
)

const FEED = { 'delta.enableChangeDataFeed': 'true' }
const VECTORS = { 'delta.enableDeletionVectors': 'true' }

describe.each([
  ['files that are copied', {}, ['appendOnly', 'invariants'], false],
  ['deletion vectors', VECTORS, ['deletionVectors'], false],
  ['change files', FEED, ['changeDataFeed'], true],
  ['change files and deletion vectors', { ...FEED, ...VECTORS }, ['changeDataFeed', 'deletionVectors'], true],
] as const)('the changes of a table with %s', (_, properties, features, isFed) => {
  test('are the rows that changed, and nothing that only moved', async () => {
    const name = await changed(properties, features, STATEMENTS)
    expect(await changes(name, '4, 7')).toEqual(isFed ? IMAGES : HALVES)
    const keyed = await changed({ ...properties, 'millrace.key': 'id' }, features, STATEMENTS)
    expect(await changes(keyed, '4, 7')).toEqual(IMAGES)
    expect(await changes(name, '6, 6')).toEqual([])
    expect(await changes(name, '0')).toHaveLength(10 + IMAGES.length)
    expect(await changes(name, "'2020-01-01', '2100-01-01'")).toHaveLength(10 + IMAGES.length)
    const [[now] = []] = (await runSql(lake, `SELECT string_agg(id, ' ' ORDER BY id) FROM ${name}`)).rows
    expect(now).toBe('0 1 2 3 5 6 7 8 9 20')
  })
})

test('changes can be applied to another table by MERGE', async () => {
  const [from, to] = [await changed({ 'millrace.key': 'id' }, [], STATEMENTS), await changed({}, [], [])]
  await runSql(
    lake,
    `MERGE INTO ${to} USING (SELECT id, last(word ORDER BY _change_type DESC) AS word, bool_and(_change_type = 'delete') AS gone
       FROM table_changes('${from}', 4) GROUP BY id) AS c ON c.id = ${to}.id
     WHEN MATCHED AND c.gone THEN DELETE WHEN MATCHED THEN UPDATE SET word = c.word WHEN NOT MATCHED THEN INSERT *`,
    { writes: true },
  )
  const differing = `(FROM ${from} EXCEPT FROM ${to}) UNION ALL (FROM ${to} EXCEPT FROM ${from})`
  expect((await runSql(lake, differing)).rows).toEqual([])
})

test.each([
  ["table_changes('t', 1, 9)", 'has no version 9'],
  ["table_changes('t', 2, 1)", 'no version between 2 and 1'],
  ["table_changes('t', 'then')", 'then is neither'],
  ["table_changes('t')", 'something else than a table'],
  ["table_changes('nobody', 1)", 'there is no table'],
])('%s is refused', async (asked, message) => {
  const name = await changed({}, [], [])
  const sql = `SELECT * FROM ${asked.replace("'t'", `'${name}'`)}`
  await expect(runSql(lake, sql)).rejects.toMatchObject({ message: expect.stringContaining(message) })
})
