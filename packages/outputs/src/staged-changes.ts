import { link, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  discardStaged,
  type Metadata,
  type Snapshot,
  type StagedFile,
  type StructField,
  schemaOf,
  stageRows,
} from '@millrace/delta'
import { type Machine, quoteName, quoteText } from '@millrace/engine'
import { changeSchema, type Dataset, DELETED, type Keyed, PLACE } from '@millrace/transform'
import { tableInMemory } from './rows.ts'

/**
 * The changes of a batch, one for each key: the newest; of a history, one for each key and sequence. A Parquet file on this computer with the columns of
 * `changeSchema`; without changes there is none.
 */
export interface StagedChanges {
  readonly path: string | undefined
  readonly rows: number
  readonly bytes: number
  /** The columns of the keyed table that they have. */
  readonly columns: readonly StructField[]
  /** The metadata of the table that they are for, where columns may have come with them. */
  readonly stagedFor?: Metadata
  /** Deletes the file. */
  discard(): Promise<void>
}

/** Returns a table in memory with the columns of a keyed data set's changes. */
export function changesInMemory(dataset: Dataset, machine: Machine): Promise<Snapshot> {
  return tableInMemory({ ...dataset, schema: changeSchema(dataset) }, machine)
}

const NONE: StagedChanges = { path: undefined, rows: 0, bytes: 0, columns: [], discard: async () => {} }

/**
 * Returns the same changes for another output, in a file of its own name. Returns undefined where the file is gone: an
 * output may keep its own no longer than it needs it.
 */
export async function sharedChanges(
  changes: StagedChanges,
  { workFolder, runtime }: Machine,
): Promise<StagedChanges | undefined> {
  if (changes.path === undefined) return changes
  const path = join(workFolder, `${runtime.uuid()}.parquet`)
  try {
    await link(changes.path, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return { ...changes, path, discard: () => rm(path, { force: true }) }
}

/** Makes one file of the newest change of each key, or of all that make a version, sorted by key, and deletes the files of all changes. */
export async function stageNewest(
  { mode, key, sequenceBy, notKept }: Keyed,
  all: readonly StagedFile[],
  table: Snapshot,
  { engine, workFolder, runtime }: Machine,
): Promise<StagedChanges> {
  if (all.length === 0) return NONE
  const connection = await engine.connect()
  try {
    const paths = all.map(({ localPath }) => quoteText(localPath)).join(', ')
    const order = [...sequenceBy.map(quoteName), PLACE].map((name) => `${name} DESC`).join(', ')
    const keys = key.map(quoteName).join(', ')
    const same = mode === 'history' ? [...key, ...sequenceBy].map(quoteName).join(', ') : keys
    const newest = `SELECT * FROM read_parquet([${paths}], hive_partitioning = false)
      QUALIFY row_number() OVER (PARTITION BY ${same} ORDER BY ${order}) = 1 ORDER BY ${keys}`
    const [file] = await stageRows(connection, newest, table, workFolder, runtime, { scratch: true })
    if (!file) return NONE
    const others = [PLACE, DELETED, ...notKept.map(({ name }) => name)]
    return {
      ...{ path: file.localPath, rows: Number(file.rows), bytes: file.add.size },
      columns: schemaOf(table.metadata).fields.filter(({ name }) => !others.includes(name)),
      discard: () => discardStaged(file),
    }
  } finally {
    connection.closeSync()
    await Promise.all(all.map(discardStaged))
  }
}
