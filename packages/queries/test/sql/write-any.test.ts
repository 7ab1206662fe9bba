import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { systemRuntime } from '@millrace/base'
import { commit, openOrCreate } from '@millrace/delta'
import { openLake } from '@millrace/store'
import { temporaryFolder } from '@millrace/testkit'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { openSql, rowsOf } from '../../src/index.ts'

const field = (name: string, type: string) => ({ name, type, nullable: true, metadata: {} })
const schema = {
  type: 'struct' as const,
  fields: [field('id', 'long'), field('word', 'string'), field('kind', 'integer')],
}

const number = fc.integer({ min: -2, max: 12 })
const condition = fc.oneof(
  fc.tuple(number, number).map(([a, b]) => `id BETWEEN ${a} AND ${b}`),
  number.map((n) => `kind = ${n % 3}`),
  number.map((n) => `word <= 'w${n}' OR word IS NULL`),
  fc.constant('id IN (SELECT max(id) FROM t)'),
)
const source = fc
  .uniqueArray(number, { minLength: 0, maxLength: 6 })
  .map((ids) => `(SELECT unnest([${ids.join(', ')}]::BIGINT[]) AS id, 'source' AS word)`)
const statement = fc.oneof(
  condition.map((where) => `DELETE FROM t WHERE ${where}`),
  condition.map((where) => `UPDATE t SET word = word || '+', kind = (kind + 1) % 4 WHERE ${where}`),
  condition.map((where) => `UPDATE t SET id = id + 1, word = NULL WHERE ${where}`),
  fc.tuple(number, number).map(([a, b]) => `INSERT INTO t SELECT i, 'w' || i, i % 3 FROM range(${a}, ${b}) r(i)`),
  fc.tuple(source, condition).map(
    ([rows, where]) => `MERGE INTO t USING (SELECT id AS sid, word AS sword FROM ${rows}) AS s ON t.id = s.sid
      WHEN MATCHED AND ${where} THEN DELETE WHEN MATCHED THEN UPDATE SET word = s.sword
      WHEN NOT MATCHED BY SOURCE AND kind = 2 THEN UPDATE SET word = 'left'
      WHEN NOT MATCHED AND sid > 3 THEN INSERT (id, word) VALUES (sid, sword)`,
  ),
)

test.each([
  ['copied', [], {}],
  [
    'marked, partitioned and fed',
    ['kind'],
    { 'delta.enableDeletionVectors': 'true', 'delta.enableChangeDataFeed': 'true' },
  ],
])('any statements make of a table what DuckDB makes of its own (%s)', async (_, partitionColumns, properties) => {
  const lake = await temporaryFolder(afterAll)
  const store = await openLake(join(lake, 'lake'))
  await using session = await openSql(store, { writes: true })
  const own = await (await DuckDBInstance.create()).connect()
  let tables = 0
  await fc.assert(
    fc.asyncProperty(fc.array(statement, { minLength: 2, maxLength: 6 }), async (statements) => {
      const name = `any${tables++}`
      const made = await openOrCreate({ store, path: name }, { schema, partitionColumns }, systemRuntime)
      const features = ['deletionVectors', 'changeDataFeed']
      const protocol = {
        minReaderVersion: 3,
        minWriterVersion: 7,
        readerFeatures: ['deletionVectors'],
        writerFeatures: features,
      }
      const metadata = { ...made.metadata, configuration: { ...made.metadata.configuration, ...properties } }
      await commit(made, { operation: 'SET TBLPROPERTIES', metadata, protocol }, systemRuntime)
      await own.run(`CREATE TABLE ${name} (id BIGINT, word VARCHAR, kind INTEGER)`)
      for (const text of ["INSERT INTO t SELECT i, 'w' || i, i % 3 FROM range(0, 10) r(i)", ...statements]) {
        const sql = text.replaceAll(/\bt\b/g, name)
        await own.run(sql)
        await session.run(sql, async () => {})
        const all = `SELECT id::VARCHAR, word, kind FROM ${name} ORDER BY ALL`
        const [ours] = await session.run(all, async (result) => (await Array.fromAsync(rowsOf(result))).flat())
        expect(ours, sql).toEqual((await own.runAndReadAll(all)).getRows())
      }
      // All changes together are the table.
      const [[sum] = []] = await session.run(
        `SELECT count(*) FILTER (_change_type IN ('insert', 'update_postimage')) - count(*) FILTER (_change_type IN ('delete', 'update_preimage')),
           (SELECT count(*) FROM ${name}) FROM table_changes('${name}', 0)`,
        async (result) => (await Array.fromAsync(rowsOf(result))).flat(),
      )
      expect(sum?.[0]).toBe(sum?.[1])
    }),
    { numRuns: Number(process.env.MILLRACE_WRITE_RUNS ?? 5) },
  )
})
