import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JoinedValues, joinValues, systemRuntime, valueAt } from '@millrace/base'
import { discardStaged, openOrCreate, stagedRows } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { memoryStore } from '@millrace/store'
import { type Cleaner, type CleanReport, createCleaner, type Dataset, type FileTarget } from '@millrace/transform'

export interface Outcome {
  readonly rows: readonly Record<string, unknown>[]
  readonly report: CleanReport
}

export interface Kit {
  /** Where the cleaner works. */
  readonly folder: string
  readonly cleaner: Cleaner
  /** Returns a new table of the data set, in memory. */
  target(dataset: Dataset): Promise<FileTarget>
  /** Returns the first column of each row of a query. */
  query(sql: string): Promise<unknown[]>
  /** Returns the rows as they are in the files, and what became of the records. */
  clean(dataset: Dataset, blocks: readonly JoinedValues[]): Promise<Outcome>
  close(): Promise<void>
}

export async function createKit(): Promise<Kit> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-transform-'))
  const store = memoryStore()
  const engine = await openDuckDB({ files: [folder, ...store.readableIn] })
  const cleaner = createCleaner({ engine, workFolder: folder, runtime: systemRuntime })
  const targets = new Map<Dataset['schema'], Promise<FileTarget>>()
  const target = async ({ schema }: Dataset): Promise<FileTarget> => {
    const path = systemRuntime.uuid()
    return { snapshot: await openOrCreate({ store, path }, { schema }, systemRuntime) }
  }
  const query = async (sql: string) => {
    const connection = await engine.connect()
    const reader = await connection.runAndReadAll(sql)
    connection.closeSync()
    return reader.getRows().map(([first]) => first)
  }
  return {
    ...{ folder, cleaner, target, query },
    async clean(dataset, blocks) {
      const wanted = targets.get(dataset.schema) ?? target(dataset)
      targets.set(dataset.schema, wanted)
      const { snapshot } = await wanted
      const { files, report } = await cleaner.cleanIntoFiles(dataset, blocks, { snapshot })
      if (files.length === 0) return { rows: [], report }
      const columns = dataset.schema.fields.map(({ name }) => name)
      const staged = stagedRows(snapshot, files, columns)
      const texts = await query(`SELECT CAST(to_json(rows) AS VARCHAR) FROM (${staged}) rows`)
      await Promise.all(files.map(discardStaged))
      return { rows: texts.map((text) => JSON.parse(String(text))), report }
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

/** Returns the same records with a space before each, so that they are read one by one. */
export function oneByOne(values: JoinedValues): JoinedValues {
  return block(
    ...Array.from({ length: values.count }, (_, i) => {
      const value = valueAt(values, i)
      return value && Buffer.concat([Buffer.from(' '), value])
    }),
  )
}

/** Returns rows as sorted texts: they come in any order. */
export function inOrder(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}
