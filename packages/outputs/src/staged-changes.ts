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
import { changeSchema, type Dataset, DELETED, type Keyed, PLACE, TRUNCATED } from '@millrace/transform'
import { tableInMemory } from './rows.ts'

/**
 * The changes of a batch, one for each key: the newest; of a history, one for each key and sequence. A Parquet file on
 * this computer with the columns of `changeSchema`; without changes there is none. What was before a change that deletes
 * all rows is not among them.
 */
export interface StagedChanges {
  readonly path: string | undefined
  readonly rows: number
  /** Whether a row is a change that deletes all rows: of an upsert one, of a history each. */
  readonly isTruncated: boolean
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

const NONE: StagedChanges = {
  path: undefined,
  rows: 0,
  isTruncated: false,
  bytes: 0,
  columns: [],
  discard: async () => {},
}

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
  keyed: Keyed,
  all: readonly StagedFile[],
  table: Snapshot,
  { engine, workFolder, runtime }: Machine,
): Promise<StagedChanges> {
  if (all.length === 0) return NONE
  const connection = await engine.connect()
  try {
    const paths = all.map(({ localPath }) => quoteText(localPath)).join(', ')
    const rows = `read_parquet([${paths}], hive_partitioning = false)`
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${rows} WHERE ${TRUNCATED}`)
    const isTruncated = Number(counted.getRows()[0]?.[0]) > 0
    const changes = isTruncated ? (keyed.mode === 'history' ? historyLeft : rowsLeft)(rows, keyed) : `FROM ${rows}`
    const [file] = await stageRows(connection, newestOf(changes, keyed), table, workFolder, runtime, { scratch: true })
    if (!file) return NONE
    const others = [PLACE, DELETED, TRUNCATED, ...keyed.notKept.map(({ name }) => name)]
    return {
      ...{ path: file.localPath, rows: Number(file.rows), isTruncated, bytes: file.add.size },
      columns: schemaOf(table.metadata).fields.filter(({ name }) => !others.includes(name)),
      discard: () => discardStaged(file),
    }
  } finally {
    connection.closeSync()
    await Promise.all(all.map(discardStaged))
  }
}

/** Selects the newest change of each key, or all that make a version, sorted by key. */
function newestOf(changes: string, { mode, key, sequenceBy }: Keyed): string {
  const order = [...sequenceBy.map(quoteName), PLACE].map((name) => `${name} DESC`).join(', ')
  const keys = key.map(quoteName).join(', ')
  const same = mode === 'history' ? [...key, ...sequenceBy].map(quoteName).join(', ') : keys
  return `SELECT * FROM (${changes}) QUALIFY row_number() OVER (PARTITION BY ${same} ORDER BY ${order}) = 1 ORDER BY ${keys}`
}

/**
 * Selects the last change that deletes all rows, and of the others those that it does not make void: it is not newer, or
 * it has no sequence and they come later. A delete that comes before one without a sequence is still to be remembered.
 */
function rowsLeft(rows: string, { sequenceBy }: Keyed): string {
  const [age, ...ages] = sequenceBy.map((name) => `${quoteName(name)} DESC NULLS FIRST`)
  const last = `SELECT * FROM ${rows} WHERE ${TRUNCATED} ORDER BY ${[...(age ? [age, ...ages] : []), `${PLACE} DESC`].join(', ')} LIMIT 1`
  const isLater = `c.${PLACE} > t.${PLACE}`
  const of = (change: string) => [...sequenceBy.map((name) => `${change}.${quoteName(name)}`), `${change}.${PLACE}`]
  const [first] = sequenceBy
  const stays =
    first === undefined
      ? isLater
      : `CASE WHEN t.${quoteName(first)} IS NULL THEN ${isLater} OR c.${DELETED} ELSE row(${of('c').join(', ')}) > row(${of('t').join(', ')}) END`
  return `WITH t AS (${last}) FROM t UNION ALL SELECT c.* FROM ${rows} AS c, t WHERE NOT c.${TRUNCATED} AND (${stays})`
}

/** Selects all changes but those of the very sequence of one that deletes all rows and comes later. */
function historyLeft(rows: string, { sequenceBy }: Keyed): string {
  const same = sequenceBy.map((name) => `c.${quoteName(name)} = t.${quoteName(name)}`).join(' AND ')
  return `SELECT c.* FROM ${rows} AS c WHERE NOT EXISTS (SELECT 1 FROM ${rows} AS t
    WHERE t.${TRUNCATED} AND ${same} AND t.${PLACE} > c.${PLACE})`
}
