import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '@millrace/base'
import { quoteName, quoteText } from '@millrace/engine'
import { tableUrl } from '../log/log.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { refreshed } from './age.ts'
import { commit, committedOrThrow } from './commit.ts'
import type { WriteContext } from './context.ts'
import { writeEdits } from './edits.ts'
import { fittingColumns } from './fit.ts'
import type { WriteOptions } from './rows.ts'
import { planUpsert, type UpsertPlan, type UpsertRules } from './upsert.ts'
import { refuseRemoval } from './writable.ts'

export type Upserted = Pick<UpsertPlan, 'inserted' | 'updated' | 'deleted' | 'ignored'> & { readonly version: number }

/** What a row does, beside what it says. */
export interface UpsertOptions extends WriteOptions {
  /** SQL over a row: whether it deletes the table's row of its key. */
  readonly deleteWhen?: string
}

/** How often the rows are compared with the table anew because another writer was faster. */
const TRIES = 20

/**
 * Puts the query's rows in place of the table's rows of the same key, in one commit. Of several rows of a key the
 * newest counts, and of equally new ones the last. Columns that the query lacks become NULL.
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
  const named = [...rules.key, ...rules.sequenceBy]
  refuseUnknown(base, named, columns)
  const path = join(folder, `${runtime.uuid()}.parquet`)
  await mkdir(folder, { recursive: true })
  try {
    await connection.run(
      `COPY (${newestOf(query, rules, columns, options.deleteWhen)}) TO ${quoteText(path)} (FORMAT parquet)`,
    )
    await refuseNull(base, path, named, context)
    const changes = { path, columns, deletes: DELETES }
    let snapshot = base
    for (let tries = 1; ; tries++) {
      const { edits, reads, inserted, updated, deleted, ignored } = await planUpsert(
        snapshot,
        changes,
        rules,
        connection,
      )
      const transaction = {
        ...{ operation: 'MERGE', parameters: { predicate: JSON.stringify(rules.key) }, reads },
        ...(await writeEdits(snapshot, edits, context)),
        ...(options.txn && { txn: options.txn }),
        ...(options.userMetadata !== undefined && { info: { userMetadata: options.userMetadata } }),
      }
      const result = await commit(snapshot, transaction, runtime)
      const again = result.outcome === 'conflict' && (result.reason === 'added' || result.reason === 'removed')
      if (again && tries < TRIES) snapshot = await refreshed(result.snapshot, runtime)
      else return { version: committedOrThrow(result).version, inserted, updated, deleted, ignored }
    }
  } finally {
    await rm(path, { force: true })
  }
}

const [DELETES, PLACE] = ['millrace_deletes', 'millrace_place']

function newestOf(query: string, { key, sequenceBy }: UpsertRules, columns: readonly string[], deleteWhen = 'false') {
  const order = [...sequenceBy.map((name) => `${quoteName(name)} DESC`), `${PLACE} DESC`]
  return `SELECT ${columns.map(quoteName).join(', ')}, coalesce((${deleteWhen}), false) AS ${DELETES}
    FROM (SELECT *, row_number() OVER () AS ${PLACE} FROM (${query}))
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

async function refuseNull(
  { table }: Snapshot,
  path: string,
  named: readonly string[],
  { connection }: WriteContext,
): Promise<void> {
  const counts = named.map((name) => `count(*) - count(${quoteName(name)})`)
  const [row = []] = (
    await connection.runAndReadAll(`SELECT ${counts.join(', ')} FROM read_parquet(${quoteText(path)})`)
  ).getRows()
  const at = row.findIndex((count) => Number(count) > 0)
  if (at === -1) return
  throw new MillraceError(
    'RECORD_INVALID',
    `${tableUrl(table)}: ${named[at]} is NULL in ${row[at]} rows, and tells rows apart`,
  )
}
