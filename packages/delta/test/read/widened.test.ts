import { join } from 'node:path'
import { quoteText } from '@millrace/engine'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTable, planScan, type Snapshot, withScan } from '../../src/index.ts'
import { encodeActions } from '../../src/log/actions.ts'
import { commitName, logKey } from '../../src/log/log.ts'
import type { Comparison } from '../../src/read/predicate.ts'
import { openTestTables, type TestTables } from '../test-tables.ts'

let at: TestTables
beforeAll(async () => {
  at = await openTestTables()
})
afterAll(() => at.close())

interface Widening {
  /** The type of the column now, in Delta's words. */
  readonly to: string
  /** The type of the older file, and of the newer one, in DuckDB's words. */
  readonly types: readonly [string, string]
  readonly values: readonly [readonly string[], readonly string[]]
  readonly constants: readonly string[]
}

const WHOLE = ['-1', '0', '3', '5', '100']
const PARTS = ['2.9', '3', '3.4', '5', '5.4', '-0.5', '100.5']
const DAYS = ["'2020-01-01'", "'2020-01-02'"]

const WIDENINGS: Readonly<Record<string, Widening>> = {
  'byte to long': {
    to: 'long',
    types: ['TINYINT', 'BIGINT'],
    values: [WHOLE, ['3000000000']],
    constants: [...WHOLE, '3000000000'],
  },
  'integer to long': { to: 'long', types: ['INTEGER', 'BIGINT'], values: [WHOLE, ['3000000000']], constants: PARTS },
  'byte to double': { to: 'double', types: ['TINYINT', 'DOUBLE'], values: [WHOLE, ['5.4']], constants: PARTS },
  'integer to double': { to: 'double', types: ['INTEGER', 'DOUBLE'], values: [WHOLE, ['1.4']], constants: PARTS },
  'float to double': {
    to: 'double',
    types: ['FLOAT', 'DOUBLE'],
    values: [['-0.1', '3.4'], ['3.4']],
    constants: PARTS,
  },
  'integer to decimal': {
    to: 'decimal(12,1)',
    types: ['INTEGER', 'DECIMAL(12,1)'],
    values: [WHOLE, ['2.9']],
    constants: PARTS,
  },
  'long to decimal': {
    to: 'decimal(22,2)',
    types: ['BIGINT', 'DECIMAL(22,2)'],
    values: [WHOLE, ['3.41']],
    constants: PARTS,
  },
  'decimal to decimal': {
    to: 'decimal(12,3)',
    types: ['DECIMAL(5,1)', 'DECIMAL(12,3)'],
    values: [['3.4', '5'], ['3.401']],
    constants: PARTS,
  },
  'date to timestamp_ntz': {
    to: 'timestamp_ntz',
    types: ['DATE', 'TIMESTAMP'],
    values: [DAYS, ["'2020-01-01 12:00:00'"]],
    constants: [
      "'2020-01-01 06:00:00'",
      "'2020-01-01 12:00:00'",
      "'2020-01-02 00:00:00'",
      "'2020-01-01 00:00:00.000001'",
    ],
  },
}

const OPERATORS: readonly Comparison[] = ['=', '<>', '<', '<=', '>', '>=']

async function widenedTable({ to, types, values }: Widening): Promise<Snapshot> {
  const table = at.table()
  const typeChanges = [{ fromType: 'narrower', toType: to }]
  const fields = [{ name: 'v', type: to, nullable: true, metadata: { 'delta.typeChanges': typeChanges } }]
  const add = []
  for (const [i, type] of types.entries()) {
    const path = `${i}.parquet`
    await at.store.put(`${table.path}/${path}`, new Uint8Array())
    const texts = values[i] as readonly string[]
    const rows = texts.map((text) => `SELECT ${text}::${type} AS v`).join(' UNION ALL ')
    await at.connection.run(`COPY (${rows}) TO ${quoteText(join(at.lake, table.path, path))} (FORMAT parquet)`)
    const [least, greatest] = [texts.toSorted(byValue)[0], texts.toSorted(byValue).at(-1)].map((text) =>
      text?.startsWith("'") ? `"${text.slice(1, -1).replace(' ', 'T')}"` : text,
    )
    const stats = `{"numRecords":${texts.length},"minValues":{"v":${least}},"maxValues":{"v":${greatest}},"nullCount":{"v":0}}`
    add.push({ path, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true, stats })
  }
  const protocol = {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: ['typeWidening'],
    writerFeatures: ['typeWidening'],
  }
  const format = { provider: 'parquet', options: {} }
  const schemaString = JSON.stringify({ type: 'struct', fields })
  const metaData = { id: 'x', format, schemaString, partitionColumns: [], configuration: {} }
  await at.store.put(logKey(table, commitName(0)), encodeActions({ protocol, metaData, add, remove: [], txn: [] }))
  return (await openTable(table)) as Snapshot
}

const byValue = (a: string, b: string) => (a.startsWith("'") ? (a < b ? -1 : 1) : Number(a) - Number(b))

async function count(sql: string): Promise<number> {
  const reader = await at.connection.runAndReadAll(`SELECT count(*)::INTEGER FROM (${sql})`)
  return Number(reader.getRows()[0]?.[0])
}

describe('a filter on a column that was widened gives what reading all and filtering after gives:', () => {
  test.each(Object.keys(WIDENINGS))('%s', async (name) => {
    const widening = WIDENINGS[name] as Widening
    const snapshot = await widenedTable(widening)
    await withScan(planScan(snapshot), at.connection, (all) =>
      at.connection.run(`CREATE OR REPLACE TEMP TABLE everything AS ${all}`),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...OPERATORS), fc.constantFrom(...widening.constants), async (op, constant) => {
        const expected = await count(`FROM everything WHERE v ${op} ${constant}`)
        const filtered = await withScan(planScan(snapshot), at.connection, (sql) =>
          count(`FROM (${sql}) WHERE v ${op} ${constant}`),
        )
        expect(filtered).toBe(expected)
        if (widening.to === 'long' && constant.includes('.')) return
        const where = { op, column: 'v', value: constant.replaceAll("'", '') }
        const typed = await count(`FROM everything WHERE v ${op} CAST(${constant} AS ${widening.types[1]})`)
        expect(await withScan(planScan(snapshot, { where }), at.connection, count)).toBe(typed)
      }),
      { numRuns: 40 },
    )
  })
})
