import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName } from '@millrace/engine'
import { FILE, ROW } from '../../read/plan.ts'
import { CHANGE } from './upsert.ts'

export interface VersionRules {
  readonly key: readonly string[]
  readonly sequenceBy: readonly string[]
  /** Columns that make two versions different, where equal ones become one. */
  readonly content: readonly string[]
  readonly ignoreEqual: boolean
  /** SQL of the changes, numbered by CHANGE. */
  readonly source: string
  /** SQL over a change: whether it deletes. */
  readonly deletes: string
}

/** Temporary table of what happened to each key (k0, k1, …), by `seq`; `next` is when the next thing happened. */
export const TIMELINE = 'millrace_timeline'

/** Returns the columns of a row's key as k0, k1, …: their own names could be those of other columns. */
export function numbered(key: readonly string[], row: string): string {
  return key.map((name, i) => `${row}.${quoteName(name)} AS k${i}`).join(', ')
}

/** Returns SQL of what makes two versions different: a struct of these columns. */
export function contentOf(columns: readonly string[], row: string): string {
  const members = columns.map((name) => `${quoteName(name)}: ${row}.${quoteName(name)}`)
  return members.length === 0 ? '0' : `{${members.join(', ')}}`
}

/** Returns SQL of a row's sequence: a struct where it is of several columns. */
export function sequenceOf(sequenceBy: readonly string[], row: string): string {
  const of = (name: string) => `${row}.${quoteName(name)}`
  if (sequenceBy.length === 1) return of(sequenceBy[0] ?? '')
  return `{${sequenceBy.map((name) => `${quoteName(name)}: ${of(name)}`).join(', ')}}`
}

/**
 * Sorts changes, the versions that were found, and remembered deletes by key and sequence. Among those with the same key
 * and sequence one counts, in this order: a change, a new delete of all keys, a version, a remembered delete, the end of
 * a version. A change that was left out because it repeated the version before it becomes a version again if something
 * comes between the two.
 */
export async function writeTimeline(
  rules: VersionRules,
  { found, notes }: { readonly found: string; readonly notes: string },
  connection: DuckDBConnection,
): Promise<void> {
  const { key, source, sequenceBy, deletes, ignoreEqual } = rules
  const keys = key.map((_, i) => `k${i}`).join(', ')
  const keysOf = (row: string) => key.map((_, i) => `${row}.k${i}`).join(', ')
  const nowhere = `NULL::BIGINT AS ${FILE}, NULL::BIGINT AS ${ROW}`
  const events = `
    SELECT ${numbered(key, 's')}, ${sequenceOf(sequenceBy, 's')} AS seq, 0 AS rank, 'change' AS kind, s.${CHANGE} AS id,
      ${nowhere}, coalesce(${deletes}, false) AS deletes, ${contentOf(rules.content, 's')} AS content FROM ${source} AS s
    UNION ALL SELECT ${keysOf('f')}, f.seq, 2, 'version', NULL, f.${FILE}, f.${ROW}, false, f.content FROM ${found} AS f
    UNION ALL SELECT ${keysOf('n')}, n.seq, if(n.fresh, 1, 3), 'delete', NULL, NULL, NULL, true, NULL FROM ${notes} AS n WHERE NOT n.repeats
    UNION ALL SELECT ${keysOf('f')}, f.ends, 4, 'end', NULL, NULL, NULL, true, NULL FROM ${found} AS f WHERE f.ends IS NOT NULL
    UNION ALL SELECT ${keysOf('n')}, n.seq, 5, 'repeat', NULL, f.${FILE}, f.${ROW}, false, f.content FROM ${notes} AS n
      JOIN ${found} AS f ON (${keysOf('n')}) = (${keysOf('f')}) AND f.seq < n.seq AND (f.ends IS NULL OR f.ends > n.seq)
      WHERE n.repeats`
  const counted = `SELECT *, bool_or(kind = 'delete') OVER (PARTITION BY ${keys}, seq) AS buried FROM (${events})
    QUALIFY row_number() OVER (PARTITION BY ${keys}, seq ORDER BY rank) = 1`
  const before = (column: string) => `lag(${column}) OVER of_key`
  const sameRow = `kind = 'repeat' AND ${FILE} = ${before(FILE)} AND ${ROW} = ${before(ROW)}`
  const repeats = `content IS NOT DISTINCT FROM ${before('content')} AND NOT buried
    AND (kind <> 'version' OR ${before('kind')} = 'change')`
  const isRepeat = ignoreEqual ? `(${sameRow} OR ${repeats})` : `(${sameRow})`
  const marked = `SELECT *, NOT deletes AND coalesce(NOT ${before('deletes')} AND ${isRepeat}, false) AS dropped
    FROM (${counted}) WINDOW of_key AS (PARTITION BY ${keys} ORDER BY seq)`
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${TIMELINE} AS
    SELECT * EXCLUDE (content, buried, rank), lead(seq) OVER of_key AS next, lag(${FILE}) OVER of_key AS place
    FROM (${marked}) WINDOW of_key AS (PARTITION BY dropped, ${keys} ORDER BY seq)`)
}
