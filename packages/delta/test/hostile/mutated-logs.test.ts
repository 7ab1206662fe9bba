import { MillraceError } from '@millrace/base'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appendRows, openTable, planScan, type Snapshot, withScan } from '../../src/index.ts'
import { commitName, logKey } from '../../src/log/log.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'
import { mutate, mutation } from './mutations.ts'

const TABLES = 250

let at: TestTables
let good: Snapshot
let lines: readonly string[]

beforeAll(async () => {
  at = await openTestTables()
  const empty = await at.create({
    schema: struct(column('id', 'long'), column('word', 'string'), column('part', 'string')),
    partitionColumns: ['part'],
  })
  good = await committed(appendRows(empty, "SELECT range AS id, 'w' || range AS word, 'p' AS part FROM range(9)", at))
  const entries = await Promise.all([0, 1].map((version) => at.store.get(logKey(good.table, commitName(version)))))
  lines = entries
    .map((bytes) => new TextDecoder().decode(bytes))
    .join('')
    .trim()
    .split('\n')
})
afterAll(() => at.close())

async function outcome(log: readonly Uint8Array[]): Promise<'read' | string> {
  const table = at.table()
  const [path = ''] = [...good.files.values()].map((file) => file.path)
  const data = await at.store.get(`${good.table.path}/${path}`)
  await at.store.put(`${table.path}/${path}`, data ?? new Uint8Array())
  await at.store.put(logKey(table, commitName(0)), Buffer.concat(log.flatMap((line) => [line, Buffer.from('\n')])))
  try {
    const snapshot = await openTable(table)
    if (!snapshot) return 'TABLE_NOT_FOUND'
    await withScan(planScan(snapshot), at.connection, (sql) => at.connection.runAndReadAll(sql))
    return 'read'
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error
  }
}

test('a log with one thing wrong in it is read or refused by a code of tables, never by a defect of ours', async () => {
  const seen = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(mutation, async (change) => {
      const line = change.line % lines.length
      const log = lines.map((text, i) => (i === line ? mutate(text, change) : Buffer.from(text)))
      const result = await outcome(log)
      seen.set(result, (seen.get(result) ?? 0) + 1)
      expect(['read', 'TABLE_BROKEN', 'TABLE_UNSUPPORTED', 'TABLE_NOT_FOUND', 'PATH_OUTSIDE']).toContain(result)
    }),
    { numRuns: TABLES },
  )
  // Neither of the two is all that it does.
  expect(seen.get('read')).toBeGreaterThan(0)
  expect(seen.get('TABLE_BROKEN')).toBeGreaterThan(0)
})

test('the log as it is, is read', async () => {
  expect(await outcome(lines.map((line) => Buffer.from(line)))).toBe('read')
})
