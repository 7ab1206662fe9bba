import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName, quoteText, runBeside } from '@millrace/engine'
import type { AddFile } from '../../log/actions.ts'
import { tableColumns } from '../../log/columns.ts'
import { FILE, planScan, ROW } from '../../read/plan.ts'
import type { Predicate } from '../../read/predicate.ts'
import { mayHold } from '../../read/prune.ts'
import { withScan } from '../../read/scan.ts'
import type { Snapshot } from '../../read/snapshot.ts'
import type { RowEdits } from '../edits.ts'
import { filesWithKeys } from '../files-with-keys.ts'
import { isOfAllKeys, keyRange, orOfAllKeys, sameKey } from './keys.ts'
import { addTruncated, sequencesOfTruncates, type Truncation, truncationOf } from './truncates.ts'

export interface UpsertRules {
  /** Columns of the table and of the changes; none of them may be NULL in a change. */
  readonly key: readonly string[]
  /** Columns that say which of two rows of a key is newer. None: a change is newer than what is there. */
  readonly sequenceBy: readonly string[]
  /** Leaves out changes of nothing but the columns of `sequenceBy`. */
  readonly ignoreEqual?: boolean
}

/** Changes of rows, at most one for each key. */
export interface Changes {
  /** SQL of a relation whose rows are numbered by CHANGE: see `changesIn`. */
  readonly source: string
  /** The table's columns that it has. The others become NULL. */
  readonly columns: readonly string[]
  /** SQL over a change: whether it deletes. */
  readonly deletes: string
  /**
   * SQL over a change: whether it deletes all rows that are not newer, or all rows if it has no sequence. Without it no
   * change does. Such a change has no key. In an upsert there is at most one, and it comes first.
   */
  readonly truncates?: string
  /** A table of deleted keys, with the columns of key and sequence. */
  readonly tombstones?: Snapshot | undefined
}

export interface UpsertPlan {
  readonly edits: RowEdits
  /** Whether a file of another writer may hold a row of these keys: then the plan must be made again. */
  readonly reads: (file: AddFile) => boolean
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  /** Changes that were older than what the table holds, or equal to it. */
  readonly ignored: number
  /**
   * A SELECT of the columns of key and sequence of what must be remembered: the changes that delete, and those that were
   * left out as equal to the row, whose sequence nothing else keeps.
   */
  readonly newTombstones: string
}

/** Temporary tables: the rows that were found, deleted keys, the changes that win, and the rows that go. */
const [FOUND, BURIED, WINNERS, GONE] = ['millrace_found', 'millrace_buried', 'millrace_winners', 'millrace_gone']

/** Column of changes: a number for each, of no meaning besides. */
export const CHANGE = 'file_row_number'

/** Returns the changes that a Parquet file on this computer holds. */
export function changesIn(path: string): string {
  return `read_parquet(${quoteText(path)}, ${CHANGE} = true, hive_partitioning = false)`
}

/**
 * Finds the rows of the changes' keys. Only files whose statistics allow for one of the keys are opened, and of them
 * only the columns of key and sequence are read, streaming past the keys of the changes: memory grows with the changes
 * and not with the table.
 */
export async function planUpsert(
  snapshot: Snapshot,
  changes: Changes,
  rules: UpsertRules,
  connection: DuckDBConnection,
): Promise<UpsertPlan> {
  const { key, sequenceBy } = rules
  const { source, truncates } = changes
  const search: Search = { snapshot, changes, rules, keys: keysOf(changes, rules), connection }
  const range = await keyRange(key, search.keys, connection)
  const truncation = await truncationOf(snapshot, truncates, sequenceBy, source, connection)
  const files = truncation?.touched ?? (await filesWithKeys(snapshot, range, key, search.keys, connection))
  await findRows(search, files, truncation)
  await findWinners(search, await findBuried(search, range))
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${GONE} AS
    SELECT f.${FILE}, ${ROW}, NOT deletes AS replaced FROM ${FOUND} AS f
    JOIN (FROM ${WINNERS} WHERE NOT equal) USING (id)`)
  if (truncation) await addTruncated(snapshot, truncation, GONE, connection)
  const winning = (columns: readonly string[], where: string) => `SELECT ${columns.join(', ')}
    FROM ${source} AS s JOIN ${WINNERS} AS w ON w.id = s.${CHANGE} WHERE ${where}`
  const columns = tableColumns(snapshot)
  return {
    edits: {
      ...{ files, gone: GONE, replaced: 'replaced', columns: changes.columns, sortBy: key },
      ...(truncation && { emptied: truncation.emptied }),
      rows: winning(
        [...changes.columns.map((name) => `s.${quoteName(name)}`), `w.${FILE}`],
        'NOT w.deletes AND NOT w.equal',
      ),
    },
    reads: truncation ? () => true : (file) => mayHold(columns, file, range),
    ...(await countsOf(search)),
    newTombstones: [
      winning(
        [...key, ...sequenceBy].map((name) => `s.${quoteName(name)}`),
        'w.deletes OR w.equal',
      ),
      ...(truncates === undefined ? [] : [sequencesOfTruncates(truncates, source, key, sequenceBy)]),
    ].join(' UNION ALL '),
  }
}

/** Changes, and the state of the table in which their rows are looked for. */
interface Search {
  readonly snapshot: Snapshot
  readonly changes: Changes
  readonly rules: UpsertRules
  /** A SELECT of what identifies the rows of the changes: CHANGE, key, sequence, and `deletes`. */
  readonly keys: string
  readonly connection: DuckDBConnection
}

function keysOf({ source, deletes, truncates }: Changes, { key, sequenceBy }: UpsertRules): string {
  const compared = [...key, ...sequenceBy].map(quoteName)
  const where = truncates === undefined ? '' : ` WHERE NOT ${truncates}`
  return `(SELECT ${[CHANGE, ...compared].join(', ')}, coalesce(${deletes}, false) AS deletes FROM ${source}${where})`
}

async function findRows(
  { snapshot, changes, rules, connection }: Search,
  files: readonly AddFile[],
  truncation: Truncation | undefined,
): Promise<void> {
  const { key, sequenceBy, ignoreEqual = false } = rules
  const others = changes.columns.filter((name) => !key.includes(name) && !sequenceBy.includes(name))
  const columns = [...key, ...sequenceBy, ...(ignoreEqual ? others : [])]
  const isEqual = others.map((name) => `s.${quoteName(name)} IS NOT DISTINCT FROM t.${quoteName(name)}`)
  const equal = ignoreEqual ? isEqual.join(' AND ') || 'true' : 'false'
  const found = (rows: string) => `CREATE OR REPLACE TEMP TABLE ${FOUND} AS
    SELECT t.${FILE}, t.${ROW}, s.${CHANGE} AS id, coalesce(${notOlder(sequenceBy, 's', 't')}, true) AS newer, ${equal} AS equal
    FROM (${rows}) AS t JOIN ${changes.source} AS s ON ${sameKey(key, 's', 't')}
    WHERE ${truncation ? `NOT coalesce(${truncation.holds('t')}, true)` : 'true'}`
  const scan = { ...planScan(snapshot, { columns }), files, positions: true }
  await withScan(scan, connection, (rows) => runBeside(connection, found(rows)))
}

/** Returns SQL over a change: whether its key was deleted by a newer one. */
async function findBuried({ changes, rules, keys, connection }: Search, where: Predicate): Promise<string> {
  const { key, sequenceBy } = rules
  const { tombstones } = changes
  if (!tombstones || sequenceBy.length === 0) return 'false'
  const scan = planScan(tombstones, { columns: [...key, ...sequenceBy], where: orOfAllKeys(where, key) })
  const found = (on: string) => `SELECT s.${CHANGE} AS id FROM (FROM tombstones WHERE ${on}) AS t JOIN ${keys} AS s`
  const newer = `WHERE NOT ${notOlder(sequenceBy, 's', 't')}`
  await withScan(scan, connection, (rows) =>
    connection.run(`CREATE OR REPLACE TEMP TABLE ${BURIED} AS
      SELECT DISTINCT id FROM (WITH tombstones AS (${rows})
      ${found('true')} ON ${sameKey(key, 's', 't')} ${newer} UNION ALL ${found(isOfAllKeys(key))} ON true ${newer})`),
  )
  return `EXISTS (SELECT 1 FROM ${BURIED} AS b WHERE b.id = c.${CHANGE})`
}

/** Finds the changes that count: those that are not older than the row of their key, nor than what deleted it. */
async function findWinners({ keys, connection }: Search, isBuried: string): Promise<void> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${WINNERS} AS
    SELECT ${CHANGE} AS id, deletes, f.${FILE}, NOT deletes AND coalesce(f.equal, false) AS equal FROM ${keys} AS c
    LEFT JOIN (SELECT id, min(${FILE}) AS ${FILE}, bool_and(newer) AS newer, bool_and(equal) AS equal
      FROM ${FOUND} GROUP BY id) AS f ON f.id = c.${CHANGE}
    WHERE coalesce(f.newer, true) AND NOT ${isBuried}`)
}

/** Returns SQL that is true where the sequence of a row of `a` is not older than that of one of `b`. */
function notOlder(sequenceBy: readonly string[], a: string, b: string): string {
  if (sequenceBy.length === 0) return 'true'
  const of = (table: string) => sequenceBy.map((name) => `${table}.${quoteName(name)}`).join(', ')
  return `(row(${of(a)}) >= row(${of(b)}))`
}

async function countsOf({ keys, connection }: Search) {
  const reader = await connection.runAndReadAll(`SELECT
    count(*) FILTER (WHERE NOT deletes AND ${FILE} IS NULL), count(*) FILTER (WHERE NOT deletes AND ${FILE} IS NOT NULL),
    count(*) FILTER (WHERE deletes AND ${FILE} IS NOT NULL), (SELECT count(*) FROM ${keys}) - count(*)
    FROM ${WINNERS} WHERE NOT equal`)
  const [inserted = 0, updated = 0, deleted = 0, ignored = 0] = (reader.getRows()[0] ?? []).map(Number)
  return { inserted, updated, deleted, ignored }
}
