import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JoinedValues, joinValues, systemRuntime, valueAt } from '@millrace/base'
import { openDuckDB } from '@millrace/engine'
import { type Dataset, type Fates, type UseRows, withCleanRows } from '@millrace/transform'

export interface Outcome {
  readonly rows: readonly Record<string, unknown>[]
  readonly fates: Fates
}

export interface Kit {
  readonly folder: string
  /** The clean rows and what became of the records. */
  clean(dataset: Dataset, blocks: readonly JoinedValues[]): Promise<Outcome>
  /** What became of the records, whatever is done with the rows. */
  use<T>(dataset: Dataset, blocks: readonly JoinedValues[], use: UseRows<T>): Promise<{ result: T; fates: Fates }>
  close(): Promise<void>
}

export async function createKit(): Promise<Kit> {
  const engine = await openDuckDB()
  const folder = await mkdtemp(join(tmpdir(), 'millrace-transform-'))
  const parts = { engine, workFolder: folder, runtime: systemRuntime }
  return {
    folder,
    use: (dataset, blocks, use) => withCleanRows(dataset, blocks, parts, use),
    async clean(dataset, blocks) {
      const { result, fates } = await withCleanRows(dataset, blocks, parts, async (query, connection) => {
        const reader = await connection.runAndReadAll(`SELECT CAST(to_json(rows) AS VARCHAR) FROM (${query}) rows`)
        const rows = reader.getRows().map(([row]) => JSON.parse(String(row)) as Record<string, unknown>)
        return { result: rows, rows: query, discard: async () => {} }
      })
      return { rows: result, fates }
    },
    async close() {
      engine.close()
      await rm(folder, { recursive: true })
    },
  }
}

export function block(...values: readonly (string | Uint8Array | null)[]): JoinedValues {
  return joinValues(values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)))
}

/** The same records, but each with a space before it, so that it goes the careful way. */
export function carefully(values: JoinedValues): JoinedValues {
  return block(
    ...Array.from({ length: values.count }, (_, i) => {
      const value = valueAt(values, i)
      return value && Buffer.concat([Buffer.from(' '), value])
    }),
  )
}

/** Rows come in any order. */
export function inOrder(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}
