import { join } from 'node:path'
import { quoteText } from '@millrace/engine'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Metadata, openTable, planScan, type Snapshot, type StructField, withScan } from '../../src/index.ts'
import { encodeActions } from '../../src/log/actions.ts'
import { commitName, logKey } from '../../src/log/log.ts'
import { column, openTestTables, struct, type TestTables } from '../test-tables.ts'

let at: TestTables
beforeAll(async () => {
  at = await openTestTables()
})
afterAll(() => at.close())

const mapped = (name: string, id: number, physicalName: string): StructField => ({
  ...column(name, 'integer'),
  metadata: { 'delta.columnMapping.id': id, 'delta.columnMapping.physicalName': physicalName },
})

interface Version {
  readonly fields?: readonly StructField[]
  /** A SELECT for each new file. */
  readonly files?: readonly string[]
  /** Of the columns of the new files, as DuckDB takes them. */
  readonly ids?: string
  readonly stats?: string
}

const BY_NAME = { minReaderVersion: 2, minWriterVersion: 5 }

/** A table of another writer: each version is an entry of its log. */
async function mappedTable(
  versions: readonly Version[],
  { mode = 'name', protocol = BY_NAME } = {},
): Promise<Snapshot> {
  const table = at.table()
  for (const [version, { fields, files = [], ids, stats }] of versions.entries()) {
    const add = files.map((_, i) => ({
      ...{
        path: `f${version}-${i}.parquet`,
        partitionValues: {},
        size: 1,
        modificationTime: version,
        dataChange: true,
      },
      ...(stats !== undefined && { stats }),
    }))
    for (const [i, rows] of files.entries()) {
      const key = `${table.path}/f${version}-${i}.parquet`
      await at.store.put(key, new Uint8Array())
      const withIds = ids === undefined ? '' : `, FIELD_IDS ${ids}`
      await at.connection.run(`COPY (${rows}) TO ${quoteText(join(at.lake, key))} (FORMAT parquet${withIds})`)
    }
    const metaData: Metadata | undefined = fields && {
      id: 'x',
      format: { provider: 'parquet', options: {} },
      schemaString: JSON.stringify(struct(...fields)),
      partitionColumns: [],
      configuration: { 'delta.columnMapping.mode': mode },
    }
    const entry = { ...(version === 0 && { protocol }), ...(metaData && { metaData }), add, remove: [], txn: [] }
    await at.store.put(logKey(table, commitName(version)), encodeActions(entry))
  }
  return (await openTable(table)) as Snapshot
}

async function rowsOf(snapshot: Snapshot, columns?: string[]): Promise<unknown[]> {
  return withScan(planScan(snapshot, columns ? { columns } : {}), at.connection, async (sql) =>
    (await at.connection.runAndReadAll(sql)).getRowsJson(),
  )
}

const A = mapped('a', 1, 'col-1')
const B = mapped('b', 2, 'col-2')
const FILE = 'SELECT 7 AS "col-1", 8 AS "col-2"'

describe('mapped columns', () => {
  test('are found by their names in the files where the feature is announced for writers alone', async () => {
    const features = { readerFeatures: [], writerFeatures: ['columnMapping', 'icebergCompatV1'] }
    const protocol = { minReaderVersion: 3, minWriterVersion: 7, ...features }
    expect(await rowsOf(await mappedTable([{ fields: [A, B], files: [FILE] }], { protocol }))).toEqual([[7, 8]])
  })

  describe.each([
    ['name', '{"col-1": 1}'],
    ['name', undefined],
    ['id', '{"col-1": 1}'],
  ])('by %s, with the ids %s in files', (mode, ids) => {
    const with1 = { files: ['SELECT 7 AS "col-1"'], ...(ids !== undefined && { ids }) }
    test('are NULL in files that are older than they are', async () => {
      const table = await mappedTable([{ fields: [A], ...with1 }, { fields: [A, B] }], { mode })
      expect(await rowsOf(table)).toEqual([[7, null]])
      expect(await rowsOf(table, ['b'])).toEqual([[null]])
    })
    test('are NULL, too, where another of their name was dropped, whose values the files still have', async () => {
      const again = mapped('a', 3, 'col-3')
      const table = await mappedTable([{ fields: [A], ...with1 }, { fields: [again] }], { mode })
      expect(await rowsOf(table)).toEqual([[null]])
    })
  })

  test('are NULL where another of their name was dropped that the files have by that name', async () => {
    const old = mapped('a', 1, 'a')
    const table = await mappedTable([
      { fields: [old, B], files: ['SELECT 7 AS a, 8 AS "col-2"'] },
      { fields: [mapped('a', 3, 'col-3'), B] },
    ])
    expect(await rowsOf(table)).toEqual([[null, 8]])
  })

  test.each<[string, string, string | undefined, string]>([
    [
      'name',
      'SELECT 7 AS a, 8 AS b',
      undefined,
      'column a is col-1 in its files, and none has that; but f0-0.parquet has a column a',
    ],
    ['name', 'SELECT 7 AS x, 8 AS y', undefined, 'f0-0.parquet has a column x'],
    ['name', 'SELECT 7 AS "A", 8 AS "col-2"', undefined, 'f0-0.parquet has a column A'],
    ['name', 'SELECT 7 AS x, 8 AS "col-2"', '{x: 1, "col-2": 2}', 'f0-0.parquet has a column x'],
    ['id', FILE, undefined, 'column a is id 1 in its files, and none has that; but f0-0.parquet has a column col-1'],
  ])('by %s of a file that has them otherwise are refused: %s', async (mode, file, ids, message) => {
    const table = await mappedTable([{ fields: [A, B], files: [file], ...(ids !== undefined && { ids }) }], { mode })
    await expect(rowsOf(table, ['a'])).rejects.toMatchObject({
      code: 'TABLE_BROKEN',
      message: expect.stringContaining(message),
    })
  })

  test('of other names can be read where one is refused', async () => {
    const table = await mappedTable([{ fields: [A, B], files: ['SELECT 7 AS a, 8 AS "col-2"'] }])
    expect(await rowsOf(table, ['b'])).toEqual([[8]])
    await expect(rowsOf(table)).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
  })

  test('are looked for in footers only where no statistics mention them', async () => {
    const stats = '{"numRecords":1,"nullCount":{"col-1":1,"col-2":0}}'
    const table = await mappedTable([{ fields: [A, B], files: ['SELECT 8 AS "col-2", 9 AS a'], stats }])
    expect(await rowsOf(table)).toEqual([[null, 8]])
  })
})
