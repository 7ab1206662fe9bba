import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appendRows, commit, optimizeTable, replaceRows } from '../../src/index.ts'
import { column, committed, EVERY_ROW, openTestTables, reopened, struct, type TestTables } from '../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const schema = struct(column('id', 'long', false), column('day', 'date'), column('text', 'string'))
const rows = (from: number, to: number, day = '2024-01-01') =>
  `SELECT i AS id, DATE '${day}' AS day, 'row ' || i AS text FROM range(${from}, ${to}) t(i)`
const SUMS = 'SELECT count(*) AS n, coalesce(sum(id), 0) AS ids FROM rows'

describe.each([
  ['a table', {}],
  ['a partitioned table', { partitionColumns: ['day'] }],
])('%s', (_, layout) => {
  test('has what was appended, when it is opened again', async () => {
    let snapshot = await testTables.create({ schema, ...layout })
    snapshot = await committed(appendRows(snapshot, rows(0, 10), testTables))
    await committed(appendRows(snapshot, rows(10, 20, '2024-01-02'), testTables))
    expect(await testTables.ask(await reopened(snapshot), SUMS)).toEqual([{ n: '20', ids: '190' }])
  })
  test('has only what it was overwritten with', async () => {
    let snapshot = await testTables.create({ schema, ...layout })
    snapshot = await committed(appendRows(snapshot, rows(0, 10), testTables))
    await committed(replaceRows(snapshot, EVERY_ROW, rows(100, 103), testTables))
    expect(await testTables.ask(await reopened(snapshot), SUMS)).toEqual([{ n: '3', ids: '303' }])
  })
  test('keeps the rows that a replaced predicate does not name', async () => {
    let snapshot = await testTables.create({ schema, ...layout })
    snapshot = await committed(appendRows(snapshot, rows(0, 10), testTables))
    const where = { op: '<', column: 'id', value: 5 } as const
    await committed(replaceRows(snapshot, where, rows(0, 2), testTables))
    expect(await testTables.ask(await reopened(snapshot), 'SELECT id FROM rows ORDER BY id')).toEqual(
      [0, 1, 5, 6, 7, 8, 9].map((id) => ({ id: String(id) })),
    )
  })
  test('loses the rows that a delete names, and no null that is neither', async () => {
    let snapshot = await testTables.create({ schema, ...layout })
    const withNull = `${rows(0, 10)} UNION ALL SELECT 10, NULL, NULL`
    snapshot = await committed(appendRows(snapshot, withNull, testTables))
    await committed(replaceRows(snapshot, { op: '=', column: 'text', value: 'row 3' }, rows(0, 0), testTables))
    expect(await testTables.ask(await reopened(snapshot), SUMS)).toEqual([{ n: '10', ids: '52' }])
  })
})

test('only files that hold a row of the predicate are written anew', async () => {
  let snapshot = await testTables.create({ schema })
  for (const from of [0, 10, 20]) snapshot = await committed(appendRows(snapshot, rows(from, from + 10), testTables))
  const before = new Set(snapshot.files.keys())
  const after = await committed(
    replaceRows(snapshot, { op: '=', column: 'text', value: 'row 15' }, rows(0, 0), testTables),
  )
  expect([...after.files.keys()].filter((key) => before.has(key))).toHaveLength(2)
})

describe('a replacement that others get ahead of', () => {
  const where = { op: '<', column: 'id', value: 100 } as const

  test('replaces what they have appended and compacted meanwhile, too', async () => {
    let snapshot = await testTables.create({ schema })
    for (const from of [0, 10]) snapshot = await committed(appendRows(snapshot, rows(from, from + 10), testTables))
    const { snapshot: compacted } = await optimizeTable(snapshot, testTables)
    await committed(appendRows(compacted, rows(90, 110), testTables))
    await committed(replaceRows(snapshot, where, rows(0, 1), testTables))
    expect(await testTables.ask(await reopened(snapshot), SUMS)).toEqual([{ n: '11', ids: '1045' }])
  })
  test('gives way to another of the same name', async () => {
    const txn = (version: bigint) => ({ txn: [{ appId: 'batch/2024-01-01', version }], progress: 'keep' }) as const
    const snapshot = await committed(appendRows(await testTables.create({ schema }), rows(0, 10), testTables, txn(1n)))
    await committed(replaceRows(snapshot, where, rows(0, 2), testTables, txn(2n)))
    const late = await replaceRows(snapshot, where, rows(0, 3), testTables, txn(2n))
    expect(late).toMatchObject({ outcome: 'conflict', reason: 'progress' })
    expect(await testTables.ask(await reopened(snapshot), SUMS)).toEqual([{ n: '2', ids: '1' }])
  })
})

test('new rows that the replaced predicate does not name are refused', async () => {
  const snapshot = await testTables.create({ schema })
  const where = { op: '<', column: 'id', value: 5 } as const
  await expect(replaceRows(snapshot, where, rows(4, 6), testTables)).rejects.toThrow('does not fit the predicate')
})

test('a column that the table lacks is refused; one that the rows lack is null', async () => {
  const snapshot = await testTables.create({ schema })
  const strange = 'SELECT 1 AS id, 2 AS colour'
  await expect(appendRows(snapshot, strange, testTables)).rejects.toThrow('the rows have what the table lacks: colour')
  const after = await committed(appendRows(snapshot, 'SELECT 1 AS id', testTables))
  expect(await testTables.ask(after, 'SELECT * FROM rows')).toEqual([{ id: '1', day: null, text: null }])
})

test.each([
  ['a struct', `{'x': 1, 'y': 2}`, 'c.y'],
  ['a list', `[{'x': 1, 'y': 2}]`, 'l.element.y'],
  ['a map', `MAP {'k': {'x': 1, 'y': 2}}`, 'm.value.y'],
])('a field that the table lacks is refused inside %s too', async (_, value, message) => {
  const inner = struct(column('x', 'long'))
  const wanted = struct(
    column('c', inner),
    column('l', { type: 'array', elementType: inner, containsNull: true }),
    column('m', { type: 'map', keyType: 'string', valueType: inner, valueContainsNull: true }),
  )
  const query = `SELECT ${value} AS ${message[0]}`
  const snapshot = await testTables.create({ schema: wanted })
  await expect(appendRows(snapshot, query, testTables)).rejects.toThrow(
    `the rows have what the table lacks: ${message}`,
  )
  await committed(appendRows(snapshot, query.replace(`, 'y': 2`, ''), testTables))
})

test('an append of nothing adds no file', async () => {
  const snapshot = await testTables.create({ schema })
  const after = await committed(appendRows(snapshot, rows(0, 0), testTables))
  expect(after.files.size).toBe(0)
})

describe('a table that carries the progress of its writers', () => {
  const txn = [{ appId: 'pipeline', version: 9007199254740993n }]
  const all = { op: '>=', column: 'id', value: 0 } as const

  test('is not overwritten or deleted from without a choice', async () => {
    const snapshot = await committed(appendRows(await testTables.create({ schema }), rows(0, 10), testTables, { txn }))
    await expect(replaceRows(snapshot, EVERY_ROW, rows(0, 1), testTables)).rejects.toThrow(
      'carries the progress of its writers',
    )
    await expect(replaceRows(snapshot, all, rows(0, 0), testTables)).rejects.toThrow(
      'carries the progress of its writers',
    )
  })
  test('keeps it, or goes back to having none', async () => {
    let snapshot = await committed(appendRows(await testTables.create({ schema }), rows(0, 10), testTables, { txn }))
    snapshot = await committed(replaceRows(snapshot, EVERY_ROW, rows(0, 1), testTables, { progress: 'keep' }))
    expect((await reopened(snapshot)).txns.get('pipeline')).toBe(9007199254740993n)
    snapshot = await committed(replaceRows(snapshot, all, rows(0, 0), testTables, { progress: 'rewind' }))
    expect((await reopened(snapshot)).txns.has('pipeline')).toBe(false)
  })
})

test('an append-only table refuses to lose rows', async () => {
  const configuration = { 'delta.appendOnly': 'true' }
  let snapshot = await testTables.create({ schema, configuration })
  snapshot = await committed(appendRows(snapshot, rows(0, 10), testTables))
  await expect(replaceRows(snapshot, EVERY_ROW, rows(0, 1), testTables)).rejects.toThrow('is append-only')
})

test('lengths of CHAR and VARCHAR are kept as Spark keeps them', async () => {
  const bounded = (name: string, text: string) => ({
    name,
    type: 'string',
    nullable: true,
    metadata: { __CHAR_VARCHAR_TYPE_STRING: text },
  })
  const created = await testTables.create({ schema: struct(bounded('v', 'varchar(3)'), bounded('c', 'char(3)')) })
  const fits = `SELECT 'abc  ' AS v, 'é' AS c UNION ALL SELECT '👍👍👍', NULL`
  const snapshot = await committed(appendRows(created, fits, testTables))
  expect(await testTables.ask(snapshot, 'FROM rows ORDER BY v')).toEqual([
    { v: 'abc', c: 'é  ' },
    { v: '👍👍👍', c: null },
  ])
  for (const long of [`SELECT 'abcd' AS v`, `SELECT ' abc' AS c`]) {
    await expect(appendRows(snapshot, long, testTables)).rejects.toMatchObject({ code: 'TABLE_SCHEMA' })
  }
})

describe('what asks more of a writer than we can do is refused by name', () => {
  const changed = (column: object, configuration: Record<string, string>) => ({
    schema: struct({ name: 'id', type: 'long', nullable: true, metadata: { ...column } }),
    configuration,
  })
  test.each([
    [
      'a constraint with a function',
      changed({}, { 'delta.constraints.p': 'abs(id) > 0' }),
      'constraint p (abs(id) > 0)',
    ],
    [
      'a constraint in other letters',
      changed({}, { 'Delta.Constraints.c1': 'id + 1 > 0' }),
      'constraint c1 (id + 1 > 0)',
    ],
    [
      'a manifest for others',
      changed({}, { 'delta.compatibility.symlinkFormatManifest.enabled': 'true' }),
      'symlinkFormatManifest',
    ],
    ['lengths inside of values', changed({ __CHAR_VARCHAR_TYPE_STRING: 'array<varchar(3)>' }, {}), 'lengths inside'],
    ['an invariant of no known form', changed({ 'delta.invariants': '{}' }, {}), 'invariant of column id'],
    ['a generated column', changed({ 'delta.generationExpression': '1' }, {}), 'a generation expression of column id'],
    ['txns that expire', changed({}, { 'delta.setTransactionRetentionDuration': 'interval 1 day' }), 'interval 1 day'],
  ])('%s', async (_, wanted, message) => {
    await expect(testTables.create(wanted)).rejects.toThrow(message)
  })
  test('writer version 7 that lists no features', async () => {
    const snapshot = await testTables.create({ schema })
    const bare = { ...snapshot, protocol: { minReaderVersion: 1, minWriterVersion: 7 } }
    await expect(appendRows(bare, rows(0, 1), testTables)).rejects.toThrow('without its list of features')
  })
  test('an unknown writer feature', async () => {
    const snapshot = await testTables.create({ schema })
    const protocol = { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['rowTracking'] }
    await committed(commit(snapshot, { operation: 'UPGRADE', protocol }, testTables.runtime))
    await expect(appendRows(await reopened(snapshot), rows(0, 1), testTables)).rejects.toThrow('rowTracking')
  })
})
