import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { copyBeside, quoteName, quoteText } from '@millrace/engine'
import { tableUrl } from '../../log/log.ts'
import type { Snapshot } from '../../read/snapshot.ts'
import { commit, committedOrThrow } from '../commit.ts'
import { commitAnew } from '../commit-anew.ts'
import type { WriteContext } from '../context.ts'
import { writeEdits } from '../edits.ts'
import { fittingColumns } from '../fit.ts'
import type { WriteOptions } from '../rows.ts'
import { refuseRemoval } from '../writable.ts'
import { changesIn, planUpsert, type UpsertPlan, type UpsertRules } from './upsert.ts'

export type Upserted = Pick<UpsertPlan, 'inserted' | 'updated' | 'deleted' | 'ignored'> & { readonly version: number }

/** What a row does, beside what it says. */
export interface UpsertOptions extends WriteOptions {
  /** SQL over a row: whether it deletes the table's row of its key. */
  readonly deleteWhen?: string
}

/**
 * Puts the query's rows in place of the table's rows of the same key, in one commit. If the query has
 * several rows of a key, the newest counts, and among equally new ones the last. Columns that the query lacks become NULL.
 */
export async function upsertRows(
  base: Snapshot,
  query: string,
  rules: UpsertRules,
  context: WriteContext,
  options: UpsertOptions = {},
): Promise<Upserted> {
  const { connection, folder, runtime } = context
  refuseRemoval(base)
  const columns = await fittingColumns(connection, query, base.metadata)
  refuseUnknown(base, [...rules.key, ...rules.sequenceBy], columns)
  const [given, newest] = [0, 1].map(() => join(folder, `${runtime.uuid()}.parquet`)) as [string, string]
  await mkdir(folder, { recursive: true })
  try {
    await copyBeside(connection, givenRows(query, columns, options.deleteWhen), given, UNPACKED)
    const repeats = await hasRepeats(base, given, rules, connection)
    if (repeats) await copyBeside(connection, newestOf(given, rules), newest, UNPACKED)
    const changes = { source: changesIn(repeats ? newest : given), columns, deletes: DELETES }
    const { result, plan } = await commitAnew(base, async (snapshot) => {
      const plan = await planUpsert(snapshot, changes, rules, connection)
      const transaction = {
        ...{ operation: 'MERGE', parameters: { predicate: JSON.stringify(rules.key) }, reads: plan.reads },
        ...(await writeEdits(snapshot, plan.edits, context)),
        ...(options.txn && { txn: options.txn }),
        ...(options.userMetadata !== undefined && { info: { userMetadata: options.userMetadata } }),
      }
      return { plan, result: await commit(snapshot, transaction, runtime) }
    })
    const { inserted, updated, deleted, ignored } = plan
    return { version: committedOrThrow(result).version, inserted, updated, deleted, ignored }
  } finally {
    for (const path of [given, newest]) await rm(path, { force: true })
  }
}

const [DELETES, PLACE] = ['millrace_deletes', 'millrace_place']

/** The rows are read two or three times: to compress them takes longer than it saves. */
const UNPACKED = ['FORMAT parquet', 'COMPRESSION uncompressed', 'DICTIONARY_SIZE_LIMIT 1', "ROW_GROUP_SIZE_BYTES '2MB'"]

function givenRows(query: string, columns: readonly string[], deleteWhen = 'false'): string {
  return `SELECT ${columns.map(quoteName).join(', ')}, coalesce((${deleteWhen}), false) AS ${DELETES}, ${PLACE}
    FROM (SELECT *, row_number() OVER () AS ${PLACE} FROM (${query}))`
}

/**
 * Whether a key occurs twice. Finding that by the keys alone costs a fraction of sorting whole rows. Throws for rows
 * without a key or a sequence.
 */
async function hasRepeats(
  base: Snapshot,
  path: string,
  { key, sequenceBy }: UpsertRules,
  connection: DuckDBConnection,
): Promise<boolean> {
  const named = [...key, ...sequenceBy]
  const nulls = named.map((name) => `count(*) - count(${quoteName(name)})`)
  const rows = `read_parquet(${quoteText(path)})`
  const reader = await connection.runAndReadAll(`SELECT
    count(*) > (SELECT count(*) FROM (SELECT DISTINCT ${key.map(quoteName).join(', ')} FROM ${rows})), ${nulls.join(', ')} FROM ${rows}`)
  const [repeats, ...counts] = reader.getRows()[0] ?? []
  refuseNull(base, named, counts.map(Number))
  return repeats === true
}

function newestOf(path: string, { key, sequenceBy }: UpsertRules): string {
  const order = [...sequenceBy.map((name) => `${quoteName(name)} DESC`), `${PLACE} DESC`]
  return `SELECT * FROM read_parquet(${quoteText(path)})
    QUALIFY row_number() OVER (PARTITION BY ${key.map(quoteName).join(', ')} ORDER BY ${order.join(', ')}) = 1`
}

function refuseUnknown({ table }: Snapshot, named: readonly string[], columns: readonly string[]): void {
  const lacking = named.find((name) => !columns.includes(name))
  if (lacking === undefined) return
  throw new MillraceError(
    'TABLE_SCHEMA',
    `${tableUrl(table)}: there is no column ${lacking}, which the key or the sequence names`,
  )
}

function refuseNull({ table }: Snapshot, named: readonly string[], counts: readonly number[]): void {
  const at = counts.findIndex((count) => count > 0)
  if (at === -1) return
  throw new MillraceError(
    'RECORD_INVALID',
    `${tableUrl(table)}: ${named[at]} is NULL in ${counts[at]} rows, and tells rows apart`,
  )
}
