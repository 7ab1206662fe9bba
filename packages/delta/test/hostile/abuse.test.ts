import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { type DuckDB, openDuckDB } from '@millrace/engine'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type AddFile,
  appendRows,
  openTable,
  planScan,
  type Snapshot,
  type TableRef,
  vacuumTable,
  withScan,
} from '../../src/index.ts'
import { commitName, logKey } from '../../src/log/log.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'
import { type Mutation, mutate, mutation } from './mutations.ts'
import { type Change, HOSTILE_TABLES, type HostileLog, parquetOf } from './tables.ts'

/** So many hostile tables are read at once, and so many logs with one thing wrong are among them. */
const AT_ONCE = 64
const MUTATED = 240

const OWN = 7

let at: TestTables
let engine: DuckDB
let good: Snapshot
let lines: string[]
let data: Uint8Array
let tables = 0

beforeAll(async () => {
  at = await openTestTables()
  engine = await openDuckDB({ files: [at.lake] })
  const empty = await at.create({ schema: struct(column('n', 'integer')) })
  good = await committed(appendRows(empty, `SELECT ${OWN}::INTEGER AS n`, at))
  const texts = await Promise.all([0, 1].map((version) => at.store.get(logKey(good.table, commitName(version)))))
  lines = texts.flatMap((bytes) => new TextDecoder().decode(bytes).trim().split('\n'))
  data = (await at.store.get(`${good.table.path}/${ownFile().path}`)) ?? new Uint8Array()
  await mkdir(join(at.lake, '..', 'outside'))
  await parquetOf(at.connection, 'SELECT 666::INTEGER AS n', join(at.lake, '..', 'outside', 'secret.parquet'))
})
afterAll(async () => {
  engine.close()
  await at.close()
})

const ownFile = () => [...good.files.values()][0] as AddFile
const newTable = (): TableRef => ({ store: at.store, path: `hostile${tables++}` })

async function parquet(select: string): Promise<Uint8Array> {
  const key = `${at.store.url.length}-${tables++}.parquet`
  await at.store.put(key, new Uint8Array())
  await parquetOf(at.connection, select, join(at.lake, key))
  return (await at.store.get(key)) ?? new Uint8Array()
}

const withBigints = (value: unknown) =>
  JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? Number(inner) : inner))

async function tableOf(change: Change): Promise<TableRef> {
  const { protocol } = JSON.parse(lines.find((line) => line.includes('"protocol"')) ?? '{}')
  const { metaData } = JSON.parse(lines.find((line) => line.includes('"metaData"')) ?? '{}')
  const log: HostileLog = {
    lines: new Map([
      ['00000000000000000000', 'metadata'],
      ['00000000000000000001', 'add'],
    ]),
    files: new Map(),
    protocol,
    metadata: metaData,
    add: { ...ownFile(), path: 'own.parquet' },
  }
  await change(log, parquet)
  const table = newTable()
  await at.store.put(`${table.path}/own.parquet`, data)
  for (const [version, what] of log.lines) {
    const entry = what === 'add' ? [{ add: log.add }] : [{ protocol: log.protocol }, { metaData: log.metadata }]
    await at.store.put(`${table.path}/_delta_log/${version}.json`, Buffer.from(entry.map(withBigints).join('\n')))
  }
  for (const [path, content] of log.files) await at.store.put(`${table.path}/${path}`, Buffer.from(content))
  return table
}

async function mutatedTable(wrong: Mutation): Promise<TableRef> {
  const table = newTable()
  await at.store.put(`${table.path}/${ownFile().path}`, data)
  const changed = lines.map((text, i) => (i === wrong.line % lines.length ? mutate(text, wrong) : Buffer.from(text)))
  await at.store.put(logKey(table, commitName(0)), Buffer.concat(changed.flatMap((line) => [line, Buffer.from('\n')])))
  return table
}

/** What is read of column n; no row; or the code of the refusal. Anything else that is thrown is a defect. */
async function read(table: TableRef, connection: DuckDBConnection): Promise<unknown> {
  try {
    const snapshot = await openTable(table)
    if (!snapshot) return 'no table'
    // All columns are asked for in one way or another.
    await withScan(planScan(snapshot, { columns: [] }), connection, (sql) => connection.runAndReadAll(sql))
    const where = { op: '>=', column: 'n', value: 0 } as const
    const rows = await withScan(planScan(snapshot, { columns: ['n'], where }), connection, (sql) =>
      connection.runAndReadAll(sql),
    )
    return rows.getRows()[0]?.[0] ?? 'nothing'
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error
  }
}

/** What vacuum does must leave the table's file. */
async function maintain(table: TableRef): Promise<void> {
  const snapshot = await openTable(table).catch(() => undefined)
  if (!snapshot?.files.values().some(({ path }) => path === 'own.parquet')) return
  await vacuumTable(snapshot, at).catch((error: unknown) => {
    if (!(error instanceof MillraceError)) throw error
  })
  expect(await at.store.get(`${table.path}/own.parquet`)).toBeDefined()
}

test.each(HOSTILE_TABLES)('%s', async (_, change, outcome) => {
  const table = await tableOf(change)
  expect(await read(table, at.connection)).toBe(outcome)
  await maintain(table)
})

test(`while ${HOSTILE_TABLES.length + MUTATED} hostile tables are read, ${AT_ONCE} at once, a reader of a good one goes on`, async ({
  annotate,
}) => {
  const wrong = fc.sample(mutation, MUTATED).map((change) => () => mutatedTable(change))
  const made: TableRef[] = []
  for (const make of [
    ...HOSTILE_TABLES.map(
      ([, change]) =>
        () =>
          tableOf(change),
    ),
    ...wrong,
  ])
    made.push(await make())
  expect(made.length).toBeGreaterThanOrEqual(300)
  const waiting = [...made]
  let isOver = false
  const attack = async () => {
    const connection = await engine.connect()
    for (let table = waiting.pop(); table; table = waiting.pop()) await read(table, connection)
    connection.closeSync()
  }
  const [answers, times]: [unknown[], number[]] = [[], []]
  const reader = async () => {
    const connection = await engine.connect()
    while (!isOver || answers.length < 10) {
      const asked = performance.now()
      answers.push(await read(good.table, connection))
      times.push(performance.now() - asked)
    }
    connection.closeSync()
  }
  const reading = reader()
  await Promise.all(Array.from({ length: AT_ONCE }, attack)).finally(() => {
    isOver = true
  })
  await reading
  expect(new Set(answers)).toEqual(new Set([OWN]))
  const p99 = times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0
  await annotate(`${times.length} reads of the good table, p99 ${Math.round(p99)} ms`)
})
