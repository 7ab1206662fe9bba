import { readdir, rm } from 'node:fs/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appendRows, type DataType, stageRows } from '../../src/index.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const list = (elementType: DataType, containsNull = true): DataType => ({ type: 'array', elementType, containsNull })
const map = (valueType: DataType, valueContainsNull = true): DataType => ({
  type: 'map',
  keyType: 'string',
  valueType,
  valueContainsNull,
})

async function statsOf(type: DataType, values: string) {
  const snapshot = await testTables.create({ schema: struct(column('c', type)) })
  const after = await committed(appendRows(snapshot, `SELECT c FROM (${values}) t(c)`, testTables))
  return JSON.parse([...after.files.values()][0]?.stats ?? '{}')
}

describe('statistics', () => {
  test('tell rows, bounds and nulls of each leaf', async () => {
    const schema = struct(
      column('id', 'long'),
      column('s', struct(column('x', 'long'), column('t', struct(column('y', 'string'))))),
    )
    const snapshot = await testTables.create({ schema })
    const query = `SELECT i AS id, CASE WHEN i > 1 THEN {'x': i, 't': {'y': 'y' || i}} END AS s FROM range(4) t(i)`
    const after = await committed(appendRows(snapshot, query, testTables))
    expect([...after.files.values()].map(({ stats }) => JSON.parse(stats ?? ''))).toEqual([
      {
        numRecords: 4,
        minValues: { id: 0, s: { x: 2, t: { y: 'y2' } } },
        maxValues: { id: 3, s: { x: 3, t: { y: 'y3' } } },
        nullCount: { id: 0, s: { x: 2, t: { y: 2 } } },
      },
    ])
  })
  test.each(['float', 'double'])('a NaN in any row group leaves a %s without bounds', async (type) => {
    const rows = 300_000
    for (const at of [0, 150_000, rows - 1]) {
      const stats = await statsOf(
        type,
        `SELECT CASE WHEN i = ${at} THEN 'nan'::DOUBLE ELSE i END FROM range(${rows}) t(i)`,
      )
      expect(stats).toEqual({ numRecords: rows, minValues: {}, maxValues: {}, nullCount: { c: 0 } })
    }
  })
  test('columns of nulls have no bounds', async () => {
    expect(await statsOf('string', 'SELECT NULL FROM range(3)')).toEqual({
      numRecords: 3,
      minValues: {},
      maxValues: {},
      nullCount: { c: 3 },
    })
  })
  test('strings are ordered by their UTF-8 bytes', async () => {
    const stats = await statsOf('string', `VALUES ('\u{10000}'), ('\uffff'), ('b')`)
    expect([stats.minValues.c, stats.maxValues.c]).toEqual(['b', '\u{10000}'])
  })
  test('bounds hold for any strings', async () => {
    const strings = fc.array(fc.string({ unit: 'binary', maxLength: 50 }), { minLength: 1, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(strings, async (values) => {
        const literals = values.map((value) => `(decode(from_base64('${Buffer.from(value).toString('base64')}')))`)
        const { minValues, maxValues } = await statsOf('string', `VALUES ${literals.join(', ')}`)
        for (const value of values) {
          expect(Buffer.compare(Buffer.from(minValues.c), Buffer.from(value))).toBeLessThanOrEqual(0)
          if (maxValues.c !== undefined) {
            expect(Buffer.compare(Buffer.from(maxValues.c), Buffer.from(value))).toBeGreaterThanOrEqual(0)
          }
        }
      }),
      { numRuns: 25 },
    )
  })
  test('are kept of the first 32 leaves, of as many as the table says, or of those that it names', async () => {
    const schema = struct(...Array.from({ length: 40 }, (_, i) => column(`c${i}`, 'long')))
    const query = `SELECT ${schema.fields.map(({ name }) => `1 AS ${name}`).join(', ')}`
    const counted = async (configuration: Record<string, string>) => {
      const after = await committed(appendRows(await testTables.create({ schema, configuration }), query, testTables))
      return Object.keys(JSON.parse([...after.files.values()][0]?.stats ?? '').nullCount)
    }
    expect(await counted({})).toHaveLength(32)
    expect(await counted({ 'delta.dataSkippingNumIndexedCols': '2' })).toEqual(['c0', 'c1'])
    expect(await counted({ 'delta.dataSkippingNumIndexedCols': '-1' })).toHaveLength(40)
    expect(await counted({ 'delta.dataSkippingStatsColumns': 'c35,`c1`' })).toEqual(['c1', 'c35'])
  })
})

test('what a thread holds of fresh rows is bounded by small row groups; rows that only move get large ones', async () => {
  const snapshot = await testTables.create({ schema: struct(column('c', 'string')) })
  const query = `SELECT repeat(md5(range::VARCHAR), 16) AS c FROM range(60000)`
  const largest = async (dataChange: boolean) => {
    const { connection, lake, runtime } = testTables
    const [file] = await stageRows(connection, query, snapshot, `${lake}/groups`, runtime, { dataChange })
    const result = await connection.runAndReadAll(
      `SELECT max(total_uncompressed_size)::INTEGER FROM parquet_metadata('${file?.localPath}')`,
    )
    await rm(`${lake}/groups`, { recursive: true })
    return Number(result.getRows()[0]?.[0])
  }
  expect(await largest(true)).toBeLessThan(12 << 20)
  expect(await largest(false)).toBeGreaterThan(12 << 20)
})

describe('NOT NULL', () => {
  test.each([
    ['a column', column('c', 'long', false), 'NULL', '1'],
    ['a struct', column('c', struct(column('x', 'long')), false), 'NULL', `{'x': NULL}`],
    ['a field of a struct', column('c', struct(column('x', 'long', false))), `{'x': NULL}`, 'NULL'],
    ['an element', column('c', list('long', false)), '[1, NULL]', '[1]'],
    ['a field in a list', column('c', list(struct(column('x', 'long', false)))), `[{'x': NULL}]`, '[NULL]'],
    ['an element of a list in a list', column('c', list(list('long', false))), '[[1, NULL]]', '[[1], NULL]'],
    ['a value of a map', column('c', map('long', false)), `MAP {'k': NULL}`, `MAP {'k': 1}`],
  ])('of %s is enforced, and only that', async (_, field, bad, good) => {
    const snapshot = await testTables.create({ schema: struct(field, column('other', 'long')) })
    const row = (value: string) => `SELECT ${value}::${sqlType(field.type)} AS c, 1 AS other`
    await expect(appendRows(snapshot, row(bad), testTables)).rejects.toThrow(
      `a row is refused: the table's column "c" must not be null`,
    )
    const after = await committed(appendRows(snapshot, row(good), testTables))
    expect(await testTables.ask(after, 'SELECT count(*) AS n FROM rows')).toEqual([{ n: '1' }])
  })
})

function sqlType(type: DataType): string {
  if (typeof type === 'string') return 'BIGINT'
  if (type.type === 'array') return `${sqlType(type.elementType)}[]`
  if (type.type === 'map') return `MAP(VARCHAR, ${sqlType(type.valueType)})`
  return 'STRUCT(x BIGINT)'
}

describe('partitions', () => {
  const schema = struct(column('id', 'long'), column('p', 'string'))

  test('have a file each, in a folder whose name can be read and a path that is URL-encoded', async () => {
    const query = `SELECT * FROM (VALUES (1, 'a/b=c d%é'), (2, 'plain'), (3, NULL), (4, '')) t(id, p)`
    const after = await committed(
      appendRows(await testTables.create({ schema, partitionColumns: ['p'] }), query, testTables),
    )
    const files = [...after.files.values()].sort((a, b) => a.path.localeCompare(b.path))
    expect(files.map(({ partitionValues }) => partitionValues.p).sort()).toEqual(['a/b=c d%é', 'plain', null].sort())
    expect(files.some(({ path }) => path.startsWith('p=__HIVE_DEFAULT_PARTITION__/'))).toBe(true)
    const folders = await readdir(`${testTables.lake}/${after.table.path}`)
    expect(folders).toContain('p=a%2Fb%3Dc%20d%25%C3%A9')
    expect(await testTables.ask(after, 'SELECT id, p FROM rows ORDER BY id')).toEqual([
      { id: '1', p: 'a/b=c d%é' },
      { id: '2', p: 'plain' },
      { id: '3', p: null },
      { id: '4', p: null },
    ])
  })

  test('have a file each of a commit, however their rows are mixed; two where the parts of two threads meet', async () => {
    const { connection } = testTables
    await connection.run('SET partitioned_write_flush_threshold = 2048; SET partitioned_write_max_open_files = 1')
    try {
      const query = `SELECT id, (id % 50)::VARCHAR AS p FROM (SELECT unnest(range(250000)) AS id)`
      const after = await committed(
        appendRows(await testTables.create({ schema, partitionColumns: ['p'] }), query, testTables),
      )
      expect(after.files.size).toBeLessThan(100)
      expect(await testTables.ask(after, 'SELECT count(DISTINCT id) AS n FROM rows')).toEqual([{ n: '250000' }])
    } finally {
      await connection.run('RESET partitioned_write_flush_threshold; RESET partitioned_write_max_open_files')
    }
  })

  test.each([
    ['long', `9007199254740993`, '9007199254740993'],
    ['boolean', 'true', 'true'],
    ['date', `DATE '2024-02-29'`, '2024-02-29'],
    ['timestamp', `TIMESTAMPTZ '2024-02-29 10:00:00.5+02'`, '2024-02-29T08:00:00.500000Z'],
    ['decimal(10,3)', '1.5', '1.500'],
    ['double', `'nan'`, 'NaN'],
  ])('of type %s are written as the protocol says, and read back', async (type, sql, text) => {
    const wanted = { schema: struct(column('id', 'long'), column('p', type)), partitionColumns: ['p'] }
    const after = await committed(
      appendRows(await testTables.create(wanted), `SELECT 1 AS id, ${sql} AS p`, testTables),
    )
    expect([...after.files.values()].map(({ partitionValues }) => partitionValues.p)).toEqual([text])
    const cast = type === 'timestamp' ? 'TIMESTAMPTZ' : type === 'long' ? 'BIGINT' : type
    expect(await testTables.ask(after, `SELECT p = (${sql})::${cast} AS same FROM rows`)).toEqual([{ same: true }])
  })
  test.each(['binary', struct(column('x', 'long'))])('by %s are refused', async (type) => {
    const wanted = { schema: struct(column('id', 'long'), column('p', type)), partitionColumns: ['p'] }
    await expect(testTables.create(wanted)).rejects.toThrow(`column p can't partition a table`)
  })
})

test('nothing is left where files are made, once they are where they belong', async () => {
  const schema = struct(column('id', 'long'), column('p', 'string'))
  for (const partitionColumns of [[], ['p']]) {
    const snapshot = await testTables.create({ schema, partitionColumns })
    const query = (rows: number) => `SELECT i AS id, 'p' || (i % 3) AS p FROM range(${rows}) t(i)`
    await committed(appendRows(snapshot, query(10), testTables))
    await committed(appendRows(snapshot, query(0), testTables))
    await committed(appendRows(snapshot, query(10), testTables, { targetBytes: 1000 }))
    await expect(appendRows(snapshot, `SELECT error('half-way') AS id, 'p' AS p`, testTables)).rejects.toThrow(
      'half-way',
    )
  }
  expect(await readdir(testTables.folder)).toEqual([])
})

test('rows beyond the target size go to further files, and all arrive', async () => {
  const snapshot = await testTables.create({ schema: struct(column('id', 'long'), column('text', 'string')) })
  const query = `SELECT i AS id, repeat(md5(i::VARCHAR), 20) AS text FROM range(300000) t(i)`
  const after = await committed(appendRows(snapshot, query, testTables, { targetBytes: 2_000_000 }))
  expect(after.files.size).toBeGreaterThan(1)
  expect(await testTables.ask(after, 'SELECT count(*) AS n, sum(id) AS ids FROM rows')).toEqual([
    { n: '300000', ids: '44999850000' },
  ])
})
