import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { appendRows, committedOrThrow, openOrCreate, type StructField } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import type { Benchmark } from '../src/contract.ts'
import { jsonLines } from '../src/outputs.ts'

const MILLION = 1_000_000
/** Changes of neighbouring keys are of this many of the newest keys. */
const NEIGHBOURS = 300_000

/** Rows of the table, and whether the changed keys lie side by side in it. */
const CASES: Readonly<Record<string, { readonly millions: number; readonly near: boolean }>> = Object.fromEntries(
  [true, false].flatMap((near) =>
    [1, 10, 50].map((millions) => [
      `${millions} million rows, ${near ? 'the newest' : 'anywhere'}`,
      { millions, near },
    ]),
  ),
)

const FIELDS: readonly StructField[] = Object.entries({
  id: 'long',
  name: 'string',
  price: 'double',
  made: 'timestamp',
}).map(([name, type]) => ({ name, type, nullable: true, metadata: {} }))

export const benchmark: Benchmark = {
  about: `One batch of changes to keys of a Delta table of a million rows a file: to keys among the newest ${NEIGHBOURS}, which lie in one or two files, or anywhere, so that every file is touched.`,
  unit: 'changes',
  size: 10_000,
  cases: Object.keys(CASES),
  reference: 'vectors',
  measures: 'work',
  usesPackage: true,
  prepare: ({ size, variant }, input) => {
    const { millions = 1 } = CASES[variant] ?? {}
    return input('keyed-table', { millions, size }, (folder) => makeTable(folder, millions))
  },
  outputs: (output) => ({ answer: jsonLines(join(output, 'answer.jsonl')) }),
}

async function makeTable(folder: string, millions: number): Promise<void> {
  const connection = await (await openDuckDB({ files: 'all' })).connect()
  const ref = { store: await openLake(folder), path: 'items' }
  let table = await openOrCreate(ref, { schema: { type: 'struct', fields: FIELDS } }, systemRuntime)
  const context = { connection, folder: join(folder, 'work'), runtime: systemRuntime }
  for (let first = 0; first < millions * MILLION; first += MILLION) {
    const rows = `SELECT i AS id, 'item ' || hash(i) AS name, i / 7.0 AS price, TIMESTAMPTZ '2026-01-01' AS made
      FROM range(${first}, ${first + MILLION}) AS r(i)`
    table = committedOrThrow(await appendRows(table, rows, context))
  }
  connection.closeSync()
}

/** Returns the changes of a batch as a SELECT. */
export function changesOf(variant: string, size: number, batch: number): string {
  const { millions = 1, near = true } = CASES[variant] ?? {}
  const rows = millions * MILLION
  const key = near ? `${rows + NEIGHBOURS / 60} - (hash(i) % ${NEIGHBOURS})::BIGINT` : `(hash(i) % ${rows})::BIGINT`
  return `SELECT ${key} AS id, 'changed ' || ${batch} AS name, 1.5::DOUBLE AS price, TIMESTAMPTZ '2026-01-02' AS made
    FROM range(${batch * size}, ${(batch + 1) * size}) AS r(i)`
}
