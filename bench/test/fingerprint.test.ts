import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { difference, fingerprint } from '../src/fingerprint.ts'
import { tableIn } from '../src/outputs.ts'

const ROWS = ["(1, 'a', 1.5)", "(2, 'b', NULL)", '(3, NULL, 2.5)']
const table = (rows: readonly string[], columns = 'i, t, d') => ({
  query: `SELECT ${columns} FROM (VALUES ${rows.join(', ')}) AS v(i, t, d)`,
})

async function differs(rows: readonly string[], columns?: string) {
  return difference(await fingerprint(table(ROWS)), await fingerprint(table(rows, columns)))
}

it('takes the same rows in another order, of other widths, for equal', async () => {
  expect(await differs(ROWS.toReversed(), 'd, t, i::BIGINT AS i')).toBeUndefined()
})

it.each([
  ['a missing row', ROWS.slice(1), undefined, '2 rows, not 3'],
  ['another number', ["(1, 'a', 1.5)", "(2, 'b', NULL)", '(4, NULL, 2.5)'], undefined, 'column i sums up to 7, not 6'],
  ['a lost value', ['(1, NULL, 1.5)', "(2, 'b', NULL)", '(3, NULL, 2.5)'], undefined, 'column t has 1 values, not 2'],
  ['values swapped between rows', ["(1, 'b', 1.5)", "(2, 'a', NULL)", '(3, NULL, 2.5)'], undefined, 'hashes'],
  ['a missing column', ROWS, 'i, t', 'column d is missing'],
])('names %s', async (_what, rows, columns, expected) => {
  expect(await differs(rows, columns)).toContain(expected)
})

it('reads the living files of a Delta table, and no others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  await mkdir(join(folder, '_delta_log'))
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  for (const [name, value] of [
    ['old file', 1],
    ['new', 2],
    ['orphan', 3],
  ] as const) {
    await connection.run(`COPY (SELECT ${value} AS i) TO '${folder}/${name}.parquet' (FORMAT parquet)`)
  }
  const entries = [
    ['{"commitInfo":{}}', '{"add":{"path":"old%20file.parquet"}}'],
    ['{"remove":{"path":"old%20file.parquet"}}', '{"add":{"path":"new.parquet"}}'],
  ]
  for (const [version, lines] of entries.entries()) {
    await writeFile(join(folder, '_delta_log', `${String(version).padStart(20, '0')}.json`), lines.join('\n'))
  }
  expect(await fingerprint(tableIn(folder))).toMatchObject({ rows: '1', columns: { i: { sum: '2' } } })
})
