import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { type StructType, upsertRows } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { temporaryFolder } from '@millrace/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runSql } from '../../src/index.ts'
import { makeTable } from './lake.ts'

let lake: string
beforeAll(async () => {
  lake = await temporaryFolder(afterAll)
})

const field = (name: string, type: string, metadata = {}) => ({ name, type, nullable: true, metadata })
const generated = (expression: string) => ({ 'delta.generationExpression': expression })

const SCHEMA: StructType = {
  type: 'struct',
  fields: [
    field('id', 'long'),
    field('moment', 'timestamp'),
    field('day', 'date', generated('CAST(moment AS DATE)')),
    field('hour', 'integer', generated('HOUR(`moment`)')),
    field('next', 'long', generated('id + 1 - 0')),
    field('kind', 'string', { CURRENT_DEFAULT: "'new'" }),
    field('share', 'decimal(4,2)', { CURRENT_DEFAULT: '-1.50' }),
    field('made', 'timestamp', { CURRENT_DEFAULT: 'current_timestamp()' }),
  ],
}

let tables = 0
async function freshTable(schema = SCHEMA) {
  const name = `computed${tables++}`
  const rows = `SELECT i AS id, TIMESTAMPTZ '2026-01-01 05:00:00+00' + to_days(i::INTEGER) AS moment FROM range(1, 4) AS r(i)`
  await makeTable(lake, name, schema, [rows])
  return name
}
const change = (sql: string) => runSql(lake, sql, { writes: true })
const rowsOf = async (table: string, where = 'true') =>
  (
    await runSql(
      lake,
      `SELECT concat_ws(' ', id, day, hour, next, kind, share, made IS NOT NULL) FROM ${table} WHERE ${where} ORDER BY id`,
    )
  ).rows.map(([text]) => text)

test('generated columns are made and defaults filled in where rows do not say them', async () => {
  const t = await freshTable()
  expect(await rowsOf(t)).toEqual([
    '1 2026-01-02 5 2 new -1.50 true',
    '2 2026-01-03 5 3 new -1.50 true',
    '3 2026-01-04 5 4 new -1.50 true',
  ])
  await change(`INSERT INTO ${t} (id, moment, kind) VALUES (7, '2026-02-01 23:30:00+00', 'own'), (8, NULL, NULL)`)
  await change(`UPDATE ${t} SET moment = '2026-03-01 00:00:00+00', id = id + 10 WHERE id = 2`)
  await change(`UPDATE ${t} SET kind = DEFAULT, share = 2 WHERE id IN (7, 8)`)
  await change(`MERGE INTO ${t} USING (SELECT 3 AS id UNION ALL SELECT 20) AS s ON ${t}.id = s.id
    WHEN MATCHED THEN UPDATE SET moment = NULL WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)`)
  expect(await rowsOf(t)).toEqual([
    '1 2026-01-02 5 2 new -1.50 true',
    '3 4 new -1.50 true',
    '7 2026-02-01 23 8 new 2.00 true',
    '8 9 new 2.00 true',
    '12 2026-03-01 0 13 new -1.50 true',
    '20 21 new -1.50 true',
  ])
})

test('the time at which changes come is one time: in the row and in the feed of changes', async () => {
  const name = `computed${tables++}`
  const schema: StructType = {
    type: 'struct',
    fields: SCHEMA.fields.filter(({ name: of }) => ['id', 'made'].includes(of)),
  }
  const feed = { configuration: { 'delta.enableChangeDataFeed': 'true' } }
  const snapshot = await makeTable(lake, name, schema, ['SELECT 1 AS id'], feed)
  const engine = await openDuckDB({ files: 'all' })
  try {
    const context = { connection: await engine.connect(), folder: join(lake, '.staging'), runtime: systemRuntime }
    await upsertRows(snapshot, 'SELECT unnest([1, 2]) AS id', { key: ['id'], sequenceBy: [] }, context)
  } finally {
    engine.close()
  }
  const fed = `SELECT made FROM table_changes('${name}', 2) WHERE _change_type <> 'update_preimage'`
  const { rows } = await runSql(lake, `SELECT made IN (${fed}), now() - made < INTERVAL 1 DAY FROM ${name}`)
  expect(rows).toEqual([
    [true, true],
    [true, true],
  ])
})

test('another value of a generated column is refused, and the one that is made is taken', async () => {
  const t = await freshTable()
  await expect(change(`INSERT INTO ${t} (id, next) VALUES (5, 7)`)).rejects.toThrow('"next" is generated as id + 1 - 0')
  await expect(change(`UPDATE ${t} SET day = '2000-01-01' WHERE id = 1`)).rejects.toThrow(
    'generated as CAST(moment AS DATE)',
  )
  await change(`INSERT INTO ${t} (id, next) VALUES (5, 6)`)
  expect(await rowsOf(t, 'id = 5')).toEqual(['5 6 new -1.50 true'])
})

test.each([
  ['a product', field('x', 'long', generated('id * 2')), 'generation expression of column x (id * 2)'],
  ['a function', field('x', 'string', generated('upper(id)')), 'generation expression of column x'],
  ['another type', field('x', 'integer', generated('id + 1')), 'generation expression of column x'],
  ['a missing column', field('x', 'long', generated('nr')), 'generation expression of column x (nr)'],
  ['a made default', field('x', 'string', { CURRENT_DEFAULT: "concat('a', 'b')" }), 'default value of column x'],
  ['SQL in a default', field('x', 'string', { CURRENT_DEFAULT: "'a' || getenv('HOME')" }), 'default value of column x'],
  ['a default of another type', field('x', 'long', { CURRENT_DEFAULT: "'a'" }), 'default value of column x'],
  ['an identity', field('x', 'long', { 'delta.identity.start': 1 }), 'identity values of column x'],
])('%s is refused by name', async (_, other, message) => {
  await expect(freshTable({ type: 'struct', fields: [field('id', 'long'), other] })).rejects.toThrow(message)
})

test('a text of a default stays a text', async () => {
  const text = `x"; DROP TABLE t; --`
  const t = await freshTable({
    type: 'struct',
    fields: [field('id', 'long'), field('moment', 'timestamp'), field('k', 'string', { CURRENT_DEFAULT: `'${text}'` })],
  })
  expect((await runSql(lake, `SELECT DISTINCT k FROM ${t}`)).rows).toEqual([[text]])
})
