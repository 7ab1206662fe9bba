import { MillraceError } from '@millrace/base'
import { type DuckDB, openDuckDB } from '@millrace/engine'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTable } from '../../src/index.ts'
import { commitName, versionName } from '../../src/log/log.ts'
import { CHECKPOINT_ROWS, grown, parquetOf } from '../read/scripted.ts'

let duckdb: DuckDB
beforeAll(async () => {
  duckdb = await openDuckDB({ files: 'all' })
})
afterAll(() => duckdb.close())

/** Files whose values repeat, so that there are dictionaries and runs, and others whose values do not. */
const ROWS = `${CHECKPOINT_ROWS} UNION ALL BY NAME
  SELECT {path: 'file-' || i, partitionValues: MAP {'a': 'x' || i % 3}, size: 10 + i % 5, modificationTime: i, stats: repeat('s', 40) || i} AS add
  FROM range(200) t(i)`

/** What may come instead of a byte: those that claim much, and those that end a number, are the worst. */
const byte = fc.oneof(fc.constantFrom(0, 0x7f, 0x80, 0xff), fc.nat(255))
const damage = fc.array(fc.record({ place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), byte }), {
  minLength: 1,
  maxLength: 5,
})

test.each([
  ['uncompressed', 'V1'],
  ['uncompressed', 'V2'],
  ['snappy', 'V1'],
  ['snappy', 'V2'],
  ['gzip', 'V1'],
  ['zstd', 'V2'],
  ['lz4_raw', 'V1'],
  ['lz4_raw', 'V2'],
])('a checkpoint of %s pages of %s, damaged somewhere, is read or refused by its name', async (codec, version) => {
  const options = `COMPRESSION ${codec}, PARQUET_VERSION ${version}`
  const sound = Buffer.from(await parquetOf(await duckdb.connect(), ROWS, options))
  await fc.assert(
    fc.asyncProperty(damage, async (places) => {
      const bytes = Buffer.from(sound)
      for (const { place, byte: value } of places) bytes[Math.floor(place * bytes.length)] = value
      const log = grown(6)
      log.put(`${versionName(4)}.checkpoint.parquet`, bytes)
      log.delete(commitName(0))
      const outcome = await openTable(log.table).then(
        () => 'read',
        (error: unknown) => (error instanceof MillraceError ? error.code : error),
      )
      expect(['read', 'TABLE_BROKEN', 'TABLE_UNSUPPORTED', 'PATH_OUTSIDE']).toContain(outcome)
    }),
    { numRuns: 150 },
  )
})
