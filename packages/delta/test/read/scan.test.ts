import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { quoteText } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AddFile,
  appendRows,
  openTable,
  type Predicate,
  planScan,
  type ScanOptions,
  type Snapshot,
  type StructType,
  withScan,
} from '../../src/index.ts'
import { encodeActions } from '../../src/log/actions.ts'
import { commitName, logKey } from '../../src/log/log.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'

let at: TestTables
beforeAll(async () => {
  at = await openTestTables()
})
afterAll(() => at.close())

interface WrittenFile {
  readonly path: string
  readonly rows: string
  readonly partitionValues?: AddFile['partitionValues']
  /** Of columns, as DuckDB takes them. */
  readonly ids?: string
}

/** A table whose files were written by somebody else. */
async function foreignTable(
  schema: StructType,
  files: readonly WrittenFile[],
  partitionColumns: string[] = [],
): Promise<Snapshot> {
  const table = at.table()
  const empty = new Uint8Array()
  for (const { path, rows, ids } of files) {
    const local = join(at.lake, table.path, decodeURIComponent(path))
    await at.store.put(`${table.path}/${decodeURIComponent(path)}`, empty)
    await at.connection.run(
      `COPY (${rows}) TO ${quoteText(local)} (FORMAT parquet${ids === undefined ? '' : `, FIELD_IDS ${ids}`})`,
    )
  }
  const add = files.map(({ path, partitionValues = {} }) => ({
    path,
    partitionValues,
    size: 1,
    modificationTime: 1,
    dataChange: true,
  }))
  const protocol = { minReaderVersion: 1, minWriterVersion: 2 }
  const format = { provider: 'parquet', options: {} }
  const metaData = { id: 'x', format, schemaString: JSON.stringify(schema), partitionColumns, configuration: {} }
  await at.store.put(logKey(table, commitName(0)), encodeActions({ protocol, metaData, add, remove: [], txn: [] }))
  return (await openTable(table)) as Snapshot
}

async function rowsOf(snapshot: Snapshot, options: ScanOptions = {}): Promise<unknown[]> {
  return withScan(planScan(snapshot, options), at.connection, async (sql) =>
    (await at.connection.runAndReadAll(`SELECT * FROM (${sql}) ORDER BY ALL`)).getRowsJson(),
  )
}

describe('values of partitions', () => {
  const cases: readonly [type: string, inLog: string | null, read: unknown][] = [
    ['string', "it's + a%20=\u0001☃", "it's + a%20=\u0001☃"],
    ['string', '', null],
    ['string', null, null],
    ['long', '9223372036854775807', '9223372036854775807'],
    ['decimal(38,10)', '1234567890123456789012345678.0123456789', '1234567890123456789012345678.0123456789'],
    ['double', '-Infinity', '-Infinity'],
    ['float', '1.5E-3', Math.fround(0.0015)],
    ['boolean', 'true', true],
    ['date', '2024-02-29', '2024-02-29'],
    ['timestamp', '2024-02-29 23:59:59.123456', '2024-02-29 23:59:59.123456+00'],
    ['timestamp', '2024-02-29T23:59:59.123456Z', '2024-02-29 23:59:59.123456+00'],
    ['timestamp_ntz', '2024-02-29 23:59:59.5', '2024-02-29 23:59:59.5'],
    ['binary', '\u0001\u0002A', '\\x01\\x02A'],
    ['byte', '-128', -128],
  ]
  test.each(cases)('%s %j is read as %j', async (type, inLog, read) => {
    const schema = struct(column('n', 'integer'), column('p', type))
    const files = [{ path: 'a.parquet', rows: 'SELECT 1 AS n', partitionValues: { p: inLog } }]
    expect(await rowsOf(await foreignTable(schema, files, ['p']))).toEqual([[1, read]])
  })

  test('count for more than a column of that name in the file', async () => {
    const schema = struct(column('p', 'integer'), column('n', 'integer'))
    const rows = 'SELECT 1 AS n, 99 AS p'
    const files = [
      { path: 'p=1/a.parquet', rows, partitionValues: { p: '1' } },
      { path: 'p=2/b.parquet', rows, partitionValues: { p: '2' } },
    ]
    const table = await foreignTable(schema, files, ['p'])
    expect(await rowsOf(table)).toEqual([
      [1, 1],
      [2, 1],
    ])
    expect(await rowsOf(table, { columns: ['p'] })).toEqual([[1], [2]])
  })

  test('that a file lacks are refused', async () => {
    const schema = struct(column('n', 'integer'), column('p', 'string'))
    const table = await foreignTable(schema, [{ path: 'a.parquet', rows: 'SELECT 1 AS n' }], ['p'])
    await expect(rowsOf(table)).rejects.toMatchObject({
      code: 'TABLE_BROKEN',
      message: expect.stringContaining('version 0: a.parquet'),
    })
  })
})

describe('files', () => {
  const schema = struct(column('n', 'integer'))

  test.each([
    'a[1]*?.parquet',
    "it's.parquet",
    'a%20b.parquet',
    'sub%2Ffolder/☃.parquet',
    'a%25b.parquet',
    'a+b=c.parquet',
  ])('are found whatever their name: %s', async (path) => {
    expect(await rowsOf(await foreignTable(schema, [{ path, rows: 'SELECT 7 AS n' }]))).toEqual([[7]])
  })

  test('outside of the lake are read by their address where the user allows their folder, and nowhere else', async () => {
    const local = join(at.lake, '..', 'out side.parquet')
    await at.connection.run(`COPY (SELECT 8 AS n) TO ${quoteText(local)} (FORMAT parquet)`)
    const table = await foreignTable(schema, [{ path: 'a.parquet', rows: 'SELECT 7 AS n' }])
    const [file] = table.files.values().toArray()
    const outside = { ...(file as AddFile), path: pathToFileURL(local).href }
    const files = table.files.with(new Map([['outside', outside]]))
    await expect(rowsOf({ ...table, files })).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
    const allowed = { ...table.table, store: await openLake(at.lake, { allowPaths: [join(at.lake, '..')] }) }
    expect(await rowsOf({ ...table, files, table: allowed })).toEqual([[7], [8]])
    const other = { ...table.table, store: await openLake(at.lake, { allowPaths: [join(at.lake, '../other')] }) }
    await expect(rowsOf({ ...table, files, table: other })).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
  })

  test('of a table without any give no rows, and its columns', async () => {
    const table = await foreignTable(struct(column('n', 'integer'), column('s', 'string')), [])
    expect(await rowsOf(table)).toEqual([])
    expect(await at.ask(table, 'SELECT column_name FROM (DESCRIBE rows)')).toEqual([
      { column_name: 'n' },
      { column_name: 's' },
    ])
  })
})

describe('columns', () => {
  test('that a file has not are NULL, narrower ones are widened, those that the table has not are left out', async () => {
    const nested = struct(column('x', 'long'), column('late', 'string'))
    const schema = struct(
      column('n', 'long'),
      column('s', nested),
      column('d', 'decimal(20,2)'),
      column('late', 'date'),
    )
    const table = await foreignTable(schema, [
      { path: 'old.parquet', rows: `SELECT 1::TINYINT AS n, {x: 2::INTEGER} AS s, 3::INTEGER AS d, 'x' AS dropped` },
      {
        path: 'new.parquet',
        rows: `SELECT DATE '2024-01-01' AS late, 4.25::DECIMAL(6, 2) AS d, {late: 'l', x: 5::BIGINT} AS s, 6::BIGINT AS n`,
      },
    ])
    expect(await rowsOf(table)).toEqual([
      ['1', { x: '2', late: null }, '3.00', null],
      ['6', { x: '5', late: 'l' }, '4.25', '2024-01-01'],
    ])
  })

  test('can be chosen, in their order, and also none', async () => {
    const schema = struct(column('a', 'integer'), column('b', 'integer'), column('c', 'integer'))
    const table = await foreignTable(schema, [
      { path: 'x.parquet', rows: 'SELECT 1 AS a, 2 AS b, 3 AS c FROM range(2)' },
    ])
    expect(await rowsOf(table, { columns: ['c', 'A'] })).toEqual([
      [3, 1],
      [3, 1],
    ])
    expect(await rowsOf(table, { columns: [] })).toHaveLength(2)
    expect(() => planScan(table, { columns: ['d'] })).toThrow('there is no column d; the columns are a, b, c')
  })

  test('are counted by the log where none is chosen and the log can tell: no file is opened', async () => {
    const empty = await at.create({ schema: struct(column('a', 'integer')) })
    const table = await committed(appendRows(empty, 'SELECT range AS a FROM range(7)', at))
    const [file] = table.files.values()
    await at.store.delete(`${table.table.path}/${file?.path}`)
    expect(await rowsOf(table, { columns: [] })).toHaveLength(7)
    await expect(rowsOf(table, { columns: [], where: { op: '<', column: 'a', value: 3 } })).rejects.toThrow('is gone')
  })

  test('that a predicate names need not be chosen', async () => {
    const schema = struct(column('a', 'integer'), column('b', 'integer'))
    const table = await foreignTable(schema, [
      { path: 'x.parquet', rows: 'SELECT range::INTEGER AS a, -range::INTEGER AS b FROM range(9)' },
    ])
    const where: Predicate = {
      op: 'or',
      of: [
        { op: '<', column: 'a', value: 2 },
        { op: 'in', column: 'b', values: [-8] },
      ],
    }
    expect(await rowsOf(table, { columns: ['b'], where })).toEqual([[-8], [-1], [0]])
  })

  test("named as DuckDB names its own are the table's", async () => {
    const schema = struct(
      column('filename', 'string'),
      column('file_index', 'integer'),
      column('file_row_number', 'integer'),
      column('p', 'string'),
    )
    const rows = `SELECT 'mine' AS filename, 7 AS file_index, 8 AS file_row_number`
    const table = await foreignTable(schema, [{ path: 'x.parquet', rows, partitionValues: { p: 'q' } }], ['p'])
    expect(await rowsOf(table)).toEqual([['mine', 7, 8, 'q']])
  })
})

describe('columns found by id', () => {
  const mapped = (id: number, physicalName: string) => ({
    'delta.columnMapping.id': id,
    'delta.columnMapping.physicalName': physicalName,
  })
  const member = { ...column('inner', 'integer'), metadata: mapped(2, 'm') }
  const schema = struct(
    { ...column('outer', struct(member)), metadata: mapped(1, 's') },
    { ...column('n', 'integer'), metadata: mapped(3, 'k') },
  )
  const byId = async (rows: string, ids: string) => {
    const table = await foreignTable(schema, [{ path: 'x.parquet', rows, ids }])
    const configuration = { 'delta.columnMapping.mode': 'id' }
    const protocol = { minReaderVersion: 2, minWriterVersion: 5 }
    return { ...table, protocol, metadata: { ...table.metadata, configuration } }
  }

  test('may have any name in the file', async () => {
    const table = await byId(
      'SELECT {m: 7} AS anything, 8 AS other',
      '{anything: {__duckdb_field_id: 1, m: 2}, other: 3}',
    )
    expect(await rowsOf(table)).toEqual([[{ inner: 7 }, 8]])
  })

  test('but members of structs must have theirs', async () => {
    const table = await byId('SELECT {w: 7} AS s, 8 AS k', '{s: {__duckdb_field_id: 1, w: 2}, k: 3}')
    await expect(rowsOf(table)).rejects.toMatchObject({
      code: 'TABLE_UNSUPPORTED',
      message: expect.stringContaining('version 0: x.parquet has another name, w, for a member of a struct'),
    })
    expect(await rowsOf(table, { columns: ['n'] })).toEqual([[8]])
  })
})

describe('what is wrong with a file is said with table, version and file', () => {
  const schema = struct(column('n', 'integer'))
  const broken = async () => {
    const files = ['a', 'b', 'c'].map((name) => ({ path: `${name}.parquet`, rows: 'SELECT 1 AS n' }))
    const table = await foreignTable(schema, files)
    return { table, path: join(at.lake, table.table.path, 'b.parquet') }
  }

  test('when it is gone', async () => {
    const { table, path } = await broken()
    await rm(path)
    await expect(rowsOf(table)).rejects.toMatchObject({
      code: 'TABLE_BROKEN',
      message: `${at.store.url}/${table.table.path} version 0: b.parquet is gone`,
    })
  })

  test.each(['', 'PAR1 no Parquet at all PAR1', 'torn'])('when it is damaged: %j', async (content) => {
    const { table, path } = await broken()
    await writeFile(path, content === 'torn' ? (await readFile(path)).subarray(0, 100) : content)
    await expect(rowsOf(table)).rejects.toMatchObject({
      code: 'TABLE_BROKEN',
      message: `${at.store.url}/${table.table.path} version 0: b.parquet can't be read`,
    })
  })

  test('when its columns do not fit', async () => {
    const { table, path } = await broken()
    await at.connection.run(`COPY (SELECT 'text' AS n) TO ${quoteText(`${path}.new`)} (FORMAT parquet)`)
    await copyFile(`${path}.new`, path)
    await expect(rowsOf(table)).rejects.toMatchObject({
      code: 'TABLE_SCHEMA',
      message: expect.stringContaining('version 0: b.parquet has VARCHAR in column n, where the table has INTEGER'),
    })
  })

  test('but an error of the query itself is left as it is', async () => {
    const { table } = await broken()
    const running = withScan(planScan(table), at.connection, (sql) => at.connection.run(`SELECT nothing FROM (${sql})`))
    await expect(running).rejects.toThrow('Binder Error')
  })
})

test('a table that we wrote is read as it was written', async () => {
  const schema = struct(
    column('n', 'long'),
    column('t', 'timestamp'),
    column('l', { type: 'array', elementType: 'string', containsNull: true }),
  )
  const empty = await at.create({ schema })
  const table = await committed(
    appendRows(
      empty,
      `SELECT 9007199254740993 AS n, TIMESTAMPTZ '2024-01-01 00:00:00.000001+00' AS t, ['a', NULL] AS l`,
      at,
    ),
  )
  expect(await rowsOf(table)).toEqual([['9007199254740993', '2024-01-01 00:00:00.000001+00', ['a', null]]])
})
