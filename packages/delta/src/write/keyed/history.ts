import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName } from '@millrace/engine'
import type { AddFile } from '../../log/actions.ts'
import { tableColumns } from '../../log/columns.ts'
import { FILE, planScan, ROW } from '../../read/plan.ts'
import { fieldNamed, type Predicate } from '../../read/predicate.ts'
import { mayHold } from '../../read/prune.ts'
import { withScan } from '../../read/scan.ts'
import type { Snapshot } from '../../read/snapshot.ts'
import { filesWithKeys } from '../files-with-keys.ts'
import { isOfAllKeys, keyRange, orOfAllKeys, sameKey } from './keys.ts'
import { sequencesOfTruncates } from './truncates.ts'
import { CHANGE, type Changes, type UpsertPlan, type UpsertRules } from './upsert.ts'
import { contentOf, numbered, sequenceOf, TIMELINE, type VersionRules, writeTimeline } from './versions.ts'

/** Columns of a history table: from which sequence on a row was valid, and up to which; NULL: it still is. */
export const [VALID_FROM, VALID_TO] = ['__valid_from', '__valid_to'] as const

/** Column of a history's table of deleted keys: whether the change was left out because it repeats the version before. */
export const REPEATS = 'millrace_repeats'

export type HistoryPlan = Pick<UpsertPlan, 'edits' | 'reads' | 'newTombstones'>

/**
 * Temporary tables: the first change of each key, the versions that are valid then or later, what is remembered of
 * deleted keys, the rows that go, and versions that come again with another end.
 */
const [SPANS, FOUND, NOTES] = ['millrace_spans', 'millrace_found', 'millrace_notes']
const LEAST = 'millrace_least'
const [GONE, AMENDED] = ['millrace_gone', 'millrace_amended']

/**
 * Finds what changes make of a table of all versions of each key: at most one change for each key and sequence, in
 * whatever order they come. A version is valid up to the next version or delete of its key. Only versions are looked at
 * that are valid at a key's first change or later: files whose versions have all ended before stay closed.
 */
export async function planHistory(
  snapshot: Snapshot,
  changes: Changes,
  rules: UpsertRules,
  connection: DuckDBConnection,
): Promise<HistoryPlan> {
  const { key, sequenceBy, ignoreEqual = false } = rules
  const others = changes.columns.filter((name) => !key.includes(name) && !sequenceBy.includes(name))
  const content = ignoreEqual && others.length > 0 ? others : []
  const keys = key.map(quoteName).join(', ')
  const { source, truncates } = changes
  const rows = truncates === undefined ? source : `(FROM ${source} WHERE NOT ${truncates})`
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${SPANS} AS
    SELECT ${keys}, min(${sequenceOf(sequenceBy, 's')}) AS ${LEAST} FROM ${rows} AS s GROUP BY ALL`)
  if (truncates !== undefined) await spanAllKeys(snapshot, `FROM ${source} WHERE ${truncates}`, rules, connection)
  const range = await keyRange(key, SPANS, connection)
  const valid: Predicate = { op: 'and', of: [range, ...(await stillValid(snapshot, connection))] }
  const files = await filesWithKeys(snapshot, valid, key, SPANS, connection)
  await findVersions(snapshot, files, key, content, connection)
  await findNotes(changes.tombstones, range, rules, connection)
  if (truncates !== undefined) {
    await connection.run(`INSERT INTO ${NOTES} BY NAME SELECT ${numbered(key, 's')}, ${sequenceOf(sequenceBy, 't')} AS seq,
      false AS repeats, true AS fresh FROM (FROM ${source} WHERE ${truncates}) AS t JOIN ${SPANS} AS s ON ${sequenceOf(sequenceBy, 't')} >= s.${LEAST}`)
  }
  const versions: VersionRules = { key, sequenceBy, content, ignoreEqual, source: rows, deletes: changes.deletes }
  await writeTimeline(versions, { found: FOUND, notes: NOTES }, connection)
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${GONE} AS SELECT ${FILE}, ${ROW}, EXISTS (SELECT 1 FROM ${TIMELINE} AS t
      WHERE t.kind = 'version' AND NOT t.dropped AND t.${FILE} = f.${FILE} AND t.${ROW} = f.${ROW}) AS millrace_ends_anew
    FROM ${FOUND} AS f WHERE NOT EXISTS (SELECT 1 FROM ${TIMELINE} AS t WHERE t.kind = 'version' AND NOT t.dropped
      AND t.${FILE} = f.${FILE} AND t.${ROW} = f.${ROW} AND t.next IS NOT DISTINCT FROM f.ends)`)
  await amend(snapshot, files, sequenceBy, connection)
  const fresh = `SELECT ${changes.columns.map((name) => `s.${quoteName(name)}`).join(', ')},
      t.seq AS ${VALID_FROM}, t.next AS ${VALID_TO}, t.place AS ${FILE}, false AS millrace_ends_anew
    FROM ${source} AS s JOIN ${TIMELINE} AS t ON t.id = s.${CHANGE} WHERE NOT t.deletes AND NOT t.dropped`
  const columns = tableColumns(snapshot)
  return {
    edits: {
      ...{ files, gone: GONE, replaced: 'millrace_ends_anew', replaces: 'millrace_ends_anew', sortBy: key },
      rows: `(${fresh}) UNION ALL BY NAME FROM ${AMENDED}`,
    },
    reads: truncates === undefined ? (file: AddFile) => mayHold(columns, file, valid) : () => true,
    newTombstones: [
      remembered(key, sequenceBy),
      ...(truncates === undefined
        ? []
        : [`SELECT *, false AS ${REPEATS} FROM (${sequencesOfTruncates(truncates, source, key, sequenceBy)})`]),
    ].join(' UNION ALL '),
  }
}

/** Adds the keys of all versions that are valid when all rows are deleted: their versions end then. */
async function spanAllKeys(
  snapshot: Snapshot,
  truncates: string,
  { key, sequenceBy }: UpsertRules,
  connection: DuckDBConnection,
): Promise<void> {
  const keys = key.map(quoteName).join(', ')
  const first = `(SELECT min(${sequenceOf(sequenceBy, 't')}) FROM (${truncates}) AS t)`
  const columns = [...key, VALID_FROM, VALID_TO]
  await withScan(planScan(snapshot, { columns }), connection, (rows) =>
    connection.run(`CREATE OR REPLACE TEMP TABLE ${SPANS} AS SELECT ${keys}, min(${LEAST}) AS ${LEAST} FROM (
      FROM ${SPANS} UNION ALL BY NAME SELECT ${keys}, ${first} AS ${LEAST} FROM (${rows})
      WHERE ${VALID_TO} IS NULL OR ${VALID_TO} >= ${first}) GROUP BY ALL`),
  )
}

/** Returns what the end of a version must be for a change to touch it, where sequences are one column. */
async function stillValid(snapshot: Snapshot, connection: DuckDBConnection): Promise<Predicate[]> {
  const field = fieldNamed(tableColumns(snapshot).fields, VALID_TO)
  if (typeof field.type !== 'string') return []
  const [row = []] = (await connection.runAndReadAll(`SELECT CAST(min(${LEAST}) AS VARCHAR) FROM ${SPANS}`)).getRows()
  const open: Predicate = { op: 'is null', column: VALID_TO }
  const later: Predicate = { op: '>=', column: VALID_TO, value: String(row[0]) }
  return [{ op: 'or', of: [open, later] }]
}

async function findVersions(
  snapshot: Snapshot,
  files: readonly AddFile[],
  key: readonly string[],
  content: readonly string[],
  connection: DuckDBConnection,
): Promise<void> {
  const columns = [...key, VALID_FROM, VALID_TO, ...content]
  await withScan({ ...planScan(snapshot, { columns }), files, positions: true }, connection, (rows) =>
    connection.run(`CREATE OR REPLACE TEMP TABLE ${FOUND} AS
      SELECT ${numbered(key, 't')}, t.${VALID_FROM} AS seq, t.${VALID_TO} AS ends, t.${FILE}, t.${ROW},
        ${contentOf(content, 't')} AS content
      FROM (${rows}) AS t JOIN ${SPANS} AS s ON ${sameKey(key, 's', 't')}
      WHERE t.${VALID_TO} IS NULL OR t.${VALID_TO} >= s.${LEAST}`),
  )
}

/** Finds what is remembered of the keys from their first changes on. */
async function findNotes(
  tombstones: Snapshot | undefined,
  where: Predicate,
  { key, sequenceBy }: UpsertRules,
  connection: DuckDBConnection,
): Promise<void> {
  const create = `CREATE OR REPLACE TEMP TABLE ${NOTES} AS SELECT`
  if (!tombstones) {
    await connection.run(
      `${create} ${numbered(key, 's')}, ${LEAST} AS seq, false AS repeats, false AS fresh FROM ${SPANS} AS s WHERE false`,
    )
    return
  }
  const scan = planScan(tombstones, { columns: [...key, ...sequenceBy, REPEATS], where: orOfAllKeys(where, key) })
  const seq = sequenceOf(sequenceBy, 't')
  const found = (of: string, on: string) => `SELECT ${numbered(key, 's')}, ${seq} AS seq, t.${REPEATS} AS repeats
    FROM (${of}) AS t JOIN ${SPANS} AS s ON ${on} WHERE ${seq} >= s.${LEAST}`
  await withScan(scan, connection, (rows) =>
    connection.run(`${create} DISTINCT *, false AS fresh FROM (WITH tombstones AS (${rows})
      ${found('FROM tombstones', sameKey(key, 's', 't'))}
      UNION ALL ${found(`FROM tombstones WHERE ${isOfAllKeys(key)}`, 'true')})`),
  )
}

/** Copies the versions that come again: with another end, or out of the one that they repeated until now. */
async function amend(
  snapshot: Snapshot,
  files: readonly AddFile[],
  sequenceBy: readonly string[],
  connection: DuckDBConnection,
): Promise<void> {
  const again = `SELECT t.* FROM ${TIMELINE} AS t JOIN ${FOUND} AS f ON f.${FILE} = t.${FILE} AND f.${ROW} = t.${ROW}
    WHERE NOT t.dropped AND (t.kind = 'repeat' OR t.kind = 'version' AND t.next IS DISTINCT FROM f.ends)`
  const sequence = sequenceBy.map((name) => {
    return `${sequenceBy.length === 1 ? 'a.seq' : `a.seq.${quoteName(name)}`} AS ${quoteName(name)}`
  })
  const changed = [...sequence, `a.seq AS ${VALID_FROM}`, `a.next AS ${VALID_TO}`].join(', ')
  const touched = await connection.runAndReadAll(`SELECT DISTINCT ${FILE} FROM (${again}) ORDER BY ALL`)
  const places = touched.getRows().map(([place]) => Number(place))
  const here = places.map((place, i) => `(${i}, ${place})`).join(', ') || '(0, -1)'
  const scan = { ...planScan(snapshot), files: places.map((place) => files[place] as AddFile), positions: true }
  await withScan(scan, connection, (rows) =>
    connection.run(`CREATE OR REPLACE TEMP TABLE ${AMENDED} AS
      SELECT t.* REPLACE (${changed}, NULL::BIGINT AS ${FILE}), a.kind = 'version' AS millrace_ends_anew FROM (${rows}) AS t
      JOIN (VALUES ${here}) AS p(here, place) ON p.here = t.${FILE}
      JOIN (${again}) AS a ON a.${FILE} = p.place AND a.${ROW} = t.${ROW}`),
  )
  await connection.run(`ALTER TABLE ${AMENDED} DROP ${ROW}`)
}

/** Returns a SELECT of what is to be remembered: deletes, and changes that are left out as equal. */
function remembered(key: readonly string[], sequenceBy: readonly string[]): string {
  const sequence = sequenceBy.map((name) => {
    return `${sequenceBy.length === 1 ? 'seq' : `seq.${quoteName(name)}`} AS ${quoteName(name)}`
  })
  return `SELECT ${[...key.map((name, i) => `k${i} AS ${quoteName(name)}`), ...sequence, `dropped AS ${REPEATS}`].join(', ')} FROM ${TIMELINE}
    WHERE kind = 'change' AND deletes OR dropped AND kind IN ('change', 'version')`
}
