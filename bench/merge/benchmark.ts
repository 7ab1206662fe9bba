import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { DuckDBConnection } from '@duckdb/node-api'
import { systemRuntime } from '@millrace/base'
import { appendRows, committedOrThrow, openOrCreate, type StructField } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'
import { installed } from '../src/services.ts'

/** About how many web_returns TPC-DS has at scale 1. More rows are these again, with other order numbers. */
const ROWS = 72_000
/** More than there are orders. */
const ORDERS = 1_000_000
const FILES = 20

export const KEY = ['wr_item_sk', 'wr_order_number']

/** What each case takes of the rows of one file in twenty, and of new rows, as in delta-rs' own benchmark of merges. */
const CASES: Readonly<Record<string, { readonly matched: number; readonly fresh: number }>> = {
  upsert: { matched: 0.01, fresh: 0.1 },
  'mostly unchanged': { matched: 0.99, fresh: 0.01 },
  'delete only': { matched: 0.05, fresh: 0 },
  'insert only': { matched: 0, fresh: 0.5 },
}

export const benchmark: Benchmark = {
  about: `TPC-DS web_returns in a Delta table of ${FILES} files, one of which some rows are of, and new rows: merged by key.`,
  unit: 'rows',
  size: ROWS,
  alsoAt: 10 * ROWS,
  slow: ['spark'],
  cases: Object.keys(CASES),
  reference: 'millrace',
  measures: 'work',
  page: 'keyed-tables.md',
  async prepare({ size, variant }, input) {
    const returns = await input('web-returns', {}, async (folder) => {
      const peers = await installed('mergePeers')
      if ('unavailable' in peers) throw new Error(`TPC-DS data can't be made: ${peers.unavailable}`)
      const script = join(import.meta.dirname, 'tpcds.py')
      const python = join(peers.home, 'venv/bin/python')
      await promisify(execFile)(python, [script, join(folder, 'web_returns.parquet')])
    })
    return input('merge', { returns, variant, size }, (folder) =>
      makeTable(join(returns, 'web_returns.parquet'), variant, Math.max(1, Math.round(size / ROWS)), folder),
    )
  },
  outputs: (output) => ({ web_returns: tableIn(join(output, 'web_returns')) }),
}

/** A Delta table, and source.parquet: a tenth of the matched rows says something new where most are unchanged. */
async function makeTable(returns: string, variant: string, copies: number, folder: string): Promise<void> {
  const { matched = 0, fresh = 0 } = CASES[variant] ?? {}
  const connection = await (await openDuckDB({ files: 'all' })).connect()
  const columns = await columnsOf(connection, returns)
  const ref = { store: await openLake(folder), path: 'web_returns' }
  await connection.run(`CREATE TABLE base AS SELECT *, ntile(${FILES}) OVER (ORDER BY wr_order_number, wr_item_sk) AS part
    FROM (SELECT r.* REPLACE (wr_order_number + ${ORDERS} * copy AS wr_order_number)
      FROM read_parquet('${returns}') AS r, range(${copies}) AS c(copy))`)
  let table = await openOrCreate(ref, { schema: { type: 'struct', fields: columns } }, systemRuntime)
  const context = { connection, folder: join(folder, 'work'), runtime: systemRuntime }
  for (let part = 1; part <= FILES; part++) {
    const rows = `SELECT * EXCLUDE part FROM base WHERE part = ${part} ORDER BY wr_order_number, wr_item_sk`
    table = committedOrThrow(await appendRows(table, rows, context))
  }
  const chance = `(hash(wr_order_number, wr_item_sk) % 10000) / 10000.0`
  const changes = variant === 'mostly unchanged' ? `${chance} < 0.1` : 'true'
  await connection.run(`COPY (
    SELECT * EXCLUDE part REPLACE (CASE WHEN ${changes} THEN wr_return_quantity + 1 ELSE wr_return_quantity END
      AS wr_return_quantity) FROM base WHERE part = ${FILES / 2} AND ${chance} < ${matched}
    UNION ALL SELECT * EXCLUDE part REPLACE (wr_order_number + 1000000000 AS wr_order_number) FROM base
      WHERE part = ${FILES / 2} AND ${chance} < ${fresh}
  ) TO '${join(folder, 'source.parquet')}' (FORMAT parquet)`)
  connection.closeSync()
}

async function columnsOf(connection: DuckDBConnection, file: string): Promise<StructField[]> {
  const reader = await connection.runAndReadAll(`SELECT column_name, lower(column_type)
    FROM (DESCRIBE FROM read_parquet('${file}'))`)
  const types: Readonly<Record<string, string>> = { bigint: 'long' }
  return reader.getRows().map(([name, type]) => {
    const text = String(type)
    return { name: String(name), type: types[text] ?? text, nullable: true, metadata: {} }
  })
}
