import type { DuckDBConnection } from '@duckdb/node-api'
import { type DuckDB, openDuckDB } from '@millrace/engine'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTable, type TableRef } from '../../src/index.ts'
import { commitName, logKey, versionName } from '../../src/log/log.ts'
import { add, CHECKPOINT_ROWS, grown, metadata, PROTOCOL, parquetOf, remove, scripted } from './scripted.ts'

let duckdb: DuckDB
let connection: DuckDBConnection
beforeAll(async () => {
  duckdb = await openDuckDB({ files: 'all' })
  connection = await duckdb.connect()
})
afterAll(() => duckdb.close())

async function filesOf(table: TableRef, version?: number): Promise<string[] | undefined> {
  return (await openTable(table, version))?.files.keys().toArray().sort()
}

const broken = (says: string) =>
  expect.objectContaining({ code: 'TABLE_BROKEN', message: expect.stringContaining(says) })

describe('a log of entries', () => {
  test('without any is no table', async () => {
    expect(await openTable(scripted().table)).toBeUndefined()
  })

  test('can be opened at any version that it holds', async () => {
    const { table } = grown(3)
    expect(await filesOf(table, 0)).toEqual([])
    expect(await filesOf(table, 2)).toEqual(['1', '2'])
    expect(await filesOf(table)).toEqual(['1', '2', '3'])
    await expect(openTable(table, 4)).rejects.toMatchObject({
      code: 'TABLE_NOT_FOUND',
      message: 'memory:/table has no version 4: it is at 3',
    })
  })

  test('keeps whole numbers of 63 bits', async () => {
    const log = grown(0)
    log.put(commitName(1), '{ "txn":{"appId":"a","version":9223372036854775807}}\n')
    expect((await openTable(log.table))?.txns.get('a')).toBe(9223372036854775807n)
  })

  test.each([
    ['is torn', '{"add":{"path":"x","partiti', 'version 00000000000000000002.json holds a line that is not JSON'],
    ['holds what is no action', '[1]\n7\n', 'holds a line that is no action'],
    ['adds a file without a path', '{"add":{"size":1}}\n', 'holds a file without a path'],
  ])('with an entry that %s is refused, and the entry named', async (_, content, says) => {
    const log = grown(3)
    log.put(commitName(2), content)
    const opening = openTable(log.table)
    await expect(opening).rejects.toEqual(broken(says.replace('version ', '')))
    await expect(opening).rejects.toEqual(broken('table/_delta_log/00000000000000000002.json'))
  })

  test('with an entry that is empty is read on, as others do', async () => {
    const log = grown(3)
    log.put(commitName(2), '')
    expect(await filesOf(log.table)).toEqual(['1', '3'])
    log.put(commitName(3), '')
    expect((await openTable(log.table))?.version).toBe(3)
  })

  test('takes no notice of a version that no writer reaches', async () => {
    const log = grown(2)
    log.put('99999999999999999999.json', '{}')
    expect(await filesOf(log.table)).toEqual(['1', '2'])
  })

  test.each([
    ['a protocol without versions', '{"protocol":{}}'],
    ['a protocol of null versions', '{"protocol":{"minReaderVersion":null,"minWriterVersion":null}}'],
    ['a protocol of features that names none', '{"protocol":{"minReaderVersion":3,"minWriterVersion":7}}'],
    ['features that are no list', '{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":"x"}}'],
    ['a schema that is no text', '{"metaData":{"id":"1","schemaString":{}}}'],
    ['partition columns as a text', '{"metaData":{"id":"1","schemaString":"{}","partitionColumns":"a"}}'],
    ['a configuration of numbers', '{"metaData":{"id":"1","schemaString":"{}","configuration":{"a":1}}}'],
    ['a progress without a name', '{"txn":{}}'],
    ['a progress of half a version', '{"txn":{"appId":"a","version":1.5}}'],
    ['a file without a size', '{"add":{"path":"x","partitionValues":{}}}'],
    ['a file without a size or partition values', '{"add":{"path":"x"}}'],
    ['partition values that are a list', '{"add":{"path":"x","partitionValues":["a"],"size":1}}'],
    ['statistics that are no text', '{"add":{"path":"x","partitionValues":{},"size":1,"stats":{}}}'],
    ['a deletion vector of no kind', '{"add":{"path":"x","partitionValues":{},"size":1,"deletionVector":{}}}'],
    ['a removal without a path', '{"remove":{}}'],
  ])('with %s is broken, and the entry named', async (_, line) => {
    const log = grown(2)
    log.put(commitName(2), `${line}\n`)
    await expect(openTable(log.table)).rejects.toEqual(broken('table/_delta_log/00000000000000000002.json'))
  })

  test('that lacks an entry is refused, and the version named', async () => {
    const log = grown(3)
    log.delete(commitName(2))
    await expect(openTable(log.table)).rejects.toEqual(broken('memory:/table: version 2 is missing from the log'))
    expect(await filesOf(log.table, 1)).toEqual(['1'])
  })

  test('goes by the newest protocol, and names the features that we lack', async () => {
    const log = grown(1)
    const readerFeatures = ['deletionVectors', 'timeMachine', 'catalogManaged']
    log.commit({
      protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures, writerFeatures: readerFeatures },
    })
    await expect(openTable(log.table)).rejects.toMatchObject({
      code: 'TABLE_UNSUPPORTED',
      message: "memory:/table needs what Millrace can't read: timeMachine, catalogManaged",
    })
  })

  test('of features that only writers must know is read', async () => {
    const log = grown(1)
    const writerFeatures = ['rowTracking', 'domainMetadata', 'clustering', 'inCommitTimestamp', 'something new']
    log.commit(
      { protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures } },
      { domainMetadata: { domain: 'd' } },
    )
    expect(await filesOf(log.table)).toEqual(['1'])
  })

  test('may leave out what old writers left out', async () => {
    const log = scripted()
    log.commit(PROTOCOL, {
      metaData: { id: 'old', schemaString: '{"type":"struct","fields":[]}', configuration: null },
    })
    expect((await openTable(log.table))?.metadata).toMatchObject({ partitionColumns: [], configuration: {} })
  })

  test('that changes while it is read is read again', async () => {
    const log = grown(3)
    const checkpoint = await parquetOf(connection, CHECKPOINT_ROWS)
    const cleaning = {
      ...log.store,
      async get(key: string) {
        if (key.endsWith(commitName(1))) {
          for (const version of [0, 1, 2]) log.delete(commitName(version))
          log.put(`${versionName(2)}.checkpoint.parquet`, checkpoint)
        }
        return log.store.get(key)
      },
    }
    expect(await filesOf({ ...log.table, store: cleaning })).toEqual(['3', 'kept-0', 'kept-1', 'kept-2'])
  })
})

describe('a file that is removed and added again', () => {
  const vector = (offset: number) => ({
    deletionVector: { storageType: 'u', pathOrInlineDv: 'x', offset, sizeInBytes: 1, cardinality: 1 },
  })

  test('in one entry, in whatever order, is there with its new deletion vector', async () => {
    const log = grown(1)
    log.commit(add('1', vector(1)), remove('1'))
    log.commit(remove('1', vector(1)), add('1', vector(2)))
    const snapshot = await openTable(log.table)
    expect(snapshot?.files.get('1')?.deletionVector?.offset).toBe(2)
    expect(snapshot?.files.size).toBe(1)
  })

  test('stays when another version of it is removed', async () => {
    const log = grown(1)
    log.commit(remove('1', vector(7)))
    expect(await filesOf(log.table)).toEqual(['1'])
  })
})

describe('a log compaction', () => {
  const compacted = `${versionName(2)}.${versionName(4)}.compacted.json`
  test.each([
    ['another story', JSON.stringify(add('compacted'))],
    ['garbage', 'PAR1'],
    ['an add and its remove', [add('1'), remove('1')].map((action) => JSON.stringify(action)).join('\n')],
  ])('of %s changes nothing while its commits are there', async (_, content) => {
    const log = grown(5)
    log.put(compacted, content)
    expect(await filesOf(log.table)).toEqual(['1', '2', '3', '4', '5'])
  })
  test('stands for its commits where one of them is gone', async () => {
    const log = grown(5)
    log.put(compacted, ['2', '3', '4'].map((path) => JSON.stringify(add(path))).join('\n'))
    log.delete(commitName(3))
    expect(await filesOf(log.table)).toEqual(['1', '2', '3', '4', '5'])
    expect(await filesOf(log.table, 2)).toEqual(['1', '2'])
    await expect(openTable(log.table, 3)).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
  })
  test('that tells of a file twice stands for nothing', async () => {
    const log = grown(5)
    log.put(compacted, [add('2'), remove('2')].map((action) => JSON.stringify(action)).join('\n'))
    log.delete(commitName(3))
    await expect(openTable(log.table)).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
  })
})

describe('a checkpoint', () => {
  const withCheckpoint = async (rows = CHECKPOINT_ROWS) => {
    const log = grown(6)
    log.put(`${versionName(4)}.checkpoint.parquet`, await parquetOf(connection, rows))
    return log
  }

  test('gives the state without the entries before it', async () => {
    const log = await withCheckpoint()
    for (const version of [0, 1, 2, 3]) log.delete(commitName(version))
    const snapshot = await openTable(log.table)
    expect(snapshot?.files.keys().toArray().sort()).toEqual(['5', '6', 'kept-0', 'kept-1', 'kept-2'])
    expect(snapshot?.txns.get('big')).toBe(9007199254740993n)
    expect(snapshot?.files.get('kept-2')).toMatchObject({ size: 2, modificationTime: 5, stats: '{"numRecords":2}' })
    await expect(openTable(log.table, 2)).rejects.toMatchObject({
      code: 'TABLE_NOT_FOUND',
      message: 'memory:/table has no version 2 any more: its log begins at 4',
    })
  })

  test('without JSON statistics gives those that it has in columns, every digit of them', async () => {
    const { table } = await withCheckpoint(`${CHECKPOINT_ROWS}
      UNION ALL BY NAME SELECT {path: 'parsed', partitionValues: MAP {}, size: 1, modificationTime: 1,
        stats_parsed: {numRecords: 3, minValues: {n: 9007199254740993, d: 12345678901234567890.12::DECIMAL(38, 2)}}} AS add`)
    expect((await openTable(table))?.files.get('parsed')?.stats).toBe(
      '{"numRecords":3,"minValues":{"n":9007199254740993,"d":12345678901234567890.12}}',
    )
  })

  test('keeps partition values, tags and deletion vectors', async () => {
    const { table } = await withCheckpoint(`${CHECKPOINT_ROWS}
      UNION ALL BY NAME SELECT {path: 'rich', partitionValues: MAP {'a': 'x"y', 'b': NULL}, size: 1, modificationTime: 1,
        tags: MAP {'k': 'v'}, deletionVector: {storageType: 'i', pathOrInlineDv: 'zz', sizeInBytes: 4, cardinality: 2}} AS add`)
    expect((await openTable(table))?.files.get('rich')).toMatchObject({
      partitionValues: { a: 'x"y', b: null },
      tags: { k: 'v' },
      deletionVector: { storageType: 'i', pathOrInlineDv: 'zz', sizeInBytes: 4, cardinality: 2 },
    })
  })

  test.each([
    ['uncompressed', 'V1'],
    ['uncompressed', 'V2'],
    ['snappy', 'V1'],
    ['gzip', 'V1'],
    ['zstd', 'V2'],
    ['brotli', 'V1'],
    ['lz4_raw', 'V2'],
  ])('compressed by %s in pages of %s is read, and read again', async (codec, version) => {
    const rows = `${CHECKPOINT_ROWS} UNION ALL BY NAME
      SELECT {path: 'ö-' || i, partitionValues: MAP {'a': 'ü', 'b': NULL}, size: i, modificationTime: 1, stats: repeat('ß', 70)} AS add
      FROM range(3000) t(i)`
    const log = grown(6)
    const written = await parquetOf(connection, rows, `COMPRESSION ${codec}, PARQUET_VERSION ${version}`)
    log.put(`${versionName(4)}.checkpoint.parquet`, written)
    for (let time = 0; time < 2; time++) {
      const files = (await openTable(log.table))?.files
      expect(files?.size).toBe(3005)
      expect(files?.get('ö-2999')).toMatchObject({
        partitionValues: { a: 'ü', b: null },
        size: 2999,
        stats: 'ß'.repeat(70),
      })
      expect(files?.get('kept-2')).toMatchObject({ size: 2, stats: '{"numRecords":2}' })
    }
  })

  test('keeps statistics that their writer set out over lines', async () => {
    const { table } = await withCheckpoint(`${CHECKPOINT_ROWS}
      UNION ALL BY NAME SELECT {path: 'laid out', partitionValues: MAP {}, size: 1, modificationTime: 1,
        stats: chr(10) || '{' || chr(13) || chr(10) || '"numRecords": 3}' || chr(10)} AS add
      UNION ALL BY NAME SELECT {path: 'bare', partitionValues: NULL, size: 1, modificationTime: 1} AS add`)
    const files = (await openTable(table))?.files
    expect(files?.get('laid out')?.stats).toBe('\n{\r\n"numRecords": 3}\n')
    expect(files?.get('bare')).toMatchObject({ partitionValues: {}, stats: null })
  })

  test('in parts counts only when all parts are there', async () => {
    const log = grown(2)
    log.put(`${versionName(1)}.checkpoint.0000000001.0000000002.parquet`, await parquetOf(connection, CHECKPOINT_ROWS))
    expect(await filesOf(log.table)).toEqual(['1', '2'])
  })

  test.each(['_last_checkpoint', 'nothing'])(
    'that is damaged is passed over while the log is whole: %s points to it',
    async (hint) => {
      const log = await withCheckpoint()
      log.put(hint, '{"version":4,"size":1}')
      log.put(`${versionName(4)}.checkpoint.parquet`, 'PAR1 this is no Parquet PAR1')
      expect(await filesOf(log.table)).toEqual(['1', '2', '3', '4', '5', '6'])
    },
  )

  test('that is damaged is refused by name when the log does not reach back', async () => {
    const log = await withCheckpoint()
    log.put(`${versionName(4)}.checkpoint.parquet`, 'PAR1 this is no Parquet PAR1')
    log.delete(commitName(0))
    await expect(openTable(log.table)).rejects.toEqual(
      broken('memory:/table/_delta_log/00000000000000000004.checkpoint.parquet'),
    )
  })

  test.each([
    ['without a size', 'size: NULL::BIGINT'],
    ['with a size below zero', 'size: -1'],
    ['with partition values that are no texts', "size: 1, partitionValues: MAP {'a': 1}"],
    [
      'with a deletion vector of another kind',
      "size: 1, deletionVector: {storageType: 'x', pathOrInlineDv: 'zz', sizeInBytes: 4, cardinality: 2}",
    ],
    [
      'with a deletion vector of fewer than no rows',
      "size: 1, deletionVector: {storageType: 'i', pathOrInlineDv: 'zz', sizeInBytes: 4, cardinality: -2}",
    ],
  ])('with a file %s is refused by name, as an entry of the log is', async (_, fields) => {
    const { table } = await withCheckpoint(`
      SELECT {minReaderVersion: 1, minWriterVersion: 2} AS protocol
      UNION ALL BY NAME SELECT {id: 'a table', schemaString: '{"type":"struct","fields":[]}'} AS metaData
      UNION ALL BY NAME SELECT {path: 'odd', modificationTime: 1, ${fields}} AS add`)
    await table.store.delete(logKey(table, commitName(0)))
    await expect(openTable(table)).rejects.toEqual(broken('00000000000000000004.checkpoint.parquet'))
  })

  test('has no lowest and highest time where these are beyond the calendar', async () => {
    const { table } = await withCheckpoint(`${CHECKPOINT_ROWS}
      UNION ALL BY NAME SELECT {path: 'late', partitionValues: MAP {}, size: 1, modificationTime: 1,
        stats_parsed: {numRecords: 1, minValues: {t: '2026-01-02 03:04:05'::TIMESTAMP}, maxValues: {t: '290000-01-01 00:00:00'::TIMESTAMP}}} AS add`)
    expect((await openTable(table))?.files.get('late')?.stats).toBe(
      '{"numRecords":1,"minValues":{"t":"2026-01-02T03:04:05.000000Z"},"maxValues":{}}',
    )
  })

  test('that names a sidecar by what can be no path is refused by name', async () => {
    const log = grown(6)
    const manifest = [
      PROTOCOL,
      metadata(),
      { checkpointMetadata: { version: 4 } },
      { sidecar: { path: '50%', sizeInBytes: 1, modificationTime: 1 } },
    ]
    log.put(
      `${versionName(4)}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json`,
      manifest.map((action) => JSON.stringify(action)).join('\n'),
    )
    log.delete(commitName(0))
    await expect(openTable(log.table)).rejects.toEqual(broken('sidecar by a path that is no URL: 50%'))
  })

  test('that names a file by what can be no path is refused by name', async () => {
    const log = await withCheckpoint()
    const rows = `SELECT * REPLACE (CASE WHEN add.path = 'kept-1' THEN struct_update(add, path := 'a' || chr(31)) ELSE add END AS add)
      FROM (${CHECKPOINT_ROWS})`
    log.put(`${versionName(4)}.checkpoint.parquet`, await parquetOf(connection, rows))
    log.delete(commitName(0))
    await expect(openTable(log.table)).rejects.toEqual(broken('00000000000000000004.checkpoint.parquet'))
  })

  test.each(['{"version":', '{"version":"4"}', '{"version":1}', '{"version":99}', ''])(
    'is found whatever _last_checkpoint says: %s',
    async (hint) => {
      const log = await withCheckpoint()
      log.put('_last_checkpoint', hint)
      expect(await filesOf(log.table)).toEqual(['5', '6', 'kept-0', 'kept-1', 'kept-2'])
    },
  )

  test('is never newer than the version asked for', async () => {
    const log = await withCheckpoint()
    log.put('_last_checkpoint', '{"version":4}')
    expect(await filesOf(log.table, 3)).toEqual(['1', '2', '3'])
    expect(await filesOf(log.table, 4)).toEqual(['kept-0', 'kept-1', 'kept-2'])
  })
})

describe('a checksum beside the newest entry', () => {
  test.each([
    ['{"numFiles":3,"tableSizeBytes":3}', true],
    ['{"numFiles":2,"tableSizeBytes":3}', false],
    ['{"numFiles":3,"tableSizeBytes":4}', false],
    ['{"numFiles":', true],
  ])('%s: the table is opened: %s', async (checksum, opens) => {
    const log = grown(3)
    log.put(`${versionName(3)}.crc`, checksum)
    if (opens) expect(await filesOf(log.table)).toEqual(['1', '2', '3'])
    else await expect(openTable(log.table)).rejects.toEqual(broken('memory:/table version 3: its checksum says'))
  })
})

test('a schema that is none is refused when it is needed, not before', async () => {
  const log = scripted()
  log.commit(PROTOCOL, metadata({}, { schemaString: '' }), add('1'))
  expect(await filesOf(log.table)).toEqual(['1'])
})
