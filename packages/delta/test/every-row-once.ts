import { openDuckDB } from '@millrace/engine'
import { expect } from 'vitest'
import { openScan, openTable, planScan, type TableRef } from '../src/index.ts'

export const WRITERS = 8
export const APPENDS = 100

export async function expectEveryRowOnce(table: TableRef) {
  const engine = await openDuckDB({ files: 'all' })
  const connection = await engine.connect()
  const snapshot = await openTable(table)
  if (!snapshot) throw new Error('no table')
  expect(snapshot.version).toBe(WRITERS * APPENDS)
  await using rows = await openScan(planScan(snapshot), connection)
  const result = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER, min(id)::INTEGER, max(id)::INTEGER FROM (${rows.sql})`,
  )
  expect(result.getRows()).toEqual([[WRITERS * APPENDS, WRITERS * APPENDS, 0, WRITERS * APPENDS - 1]])
  connection.closeSync()
  engine.close()
}
