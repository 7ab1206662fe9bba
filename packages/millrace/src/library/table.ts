import { MillraceError } from '@millrace/base'
import type { HistoryEntry, Snapshot } from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'
import type { Table as ArrowTable } from 'apache-arrow'
import type { Column, Opened } from './opened.ts'
import type { Appended, AppendOptions, ReadOptions, Row, Rows, Upserted, UpsertOptions } from './rows.ts'

export interface Table {
  readonly name: string
  /** Whether the table is there. */
  exists(): Promise<boolean>
  columns(): Promise<readonly Column[]>
  /** The number of the newest version. */
  version(): Promise<number>
  /**
   * Reads rows: all columns, those that are named, or what SQL says, which may name any table of the lake. Values are
   * as JSON has them: whole numbers that a number can't hold are text, times are ISO 8601 in UTC.
   */
  read(columns?: readonly string[], options?: ReadOptions): Promise<Row[]>
  read(sql: string): Promise<Row[]>
  /** The same as an Arrow table, with exact types. */
  readArrow(columns?: readonly string[], options?: ReadOptions): Promise<ArrowTable>
  readArrow(sql: string): Promise<ArrowTable>
  /**
   * Appends rows, or the rows of an Arrow table, in one commit: all of them or none. Columns that they lack are null;
   * a column that the table lacks, or a value that does not fit its column, is refused.
   */
  append(rows: Rows | ArrowTable, options?: AppendOptions): Promise<Appended>
  /**
   * Puts rows in place of the table's rows of the same key, in one commit: all of them or none. A row replaces all
   * columns: those that it lacks become null. Of several rows of a key the newest counts, or else the last.
   */
  upsert(rows: Rows | ArrowTable, options: UpsertOptions): Promise<Upserted>
  /** The newest commits that the log still holds, the newest first. */
  history(limit?: number): Promise<HistoryEntry[]>
}

export function openTable(opened: Opened, name: string): Table {
  const ref = { store: opened.store, path: name }
  const snapshot = async (): Promise<Snapshot> => {
    const { openTable: open } = await import('@millrace/delta')
    const found = await open(ref)
    if (found) return found
    throw new MillraceError('TABLE_NOT_FOUND', `there is no table ${name} in ${opened.store.url}`)
  }
  const sqlOf = (what: string | readonly string[] | undefined, at: ReadOptions) =>
    typeof what === 'string' ? what : selectOf(name, what, at)
  return {
    name,
    exists: async () => (await (await import('@millrace/delta')).openTable(ref)) !== undefined,
    columns: async () => (await import('@millrace/delta')).planScan(await snapshot()).columns,
    version: async () => (await snapshot()).version,
    read: (what?: string | readonly string[], at: ReadOptions = {}) =>
      opened.inSql(async (session) => (await import('./results.ts')).rowsOf(session, sqlOf(what, at))),
    readArrow: (what?: string | readonly string[], at: ReadOptions = {}) =>
      opened.inSql(async (session) => (await import('./results.ts')).arrowOf(session, sqlOf(what, at))),
    append: async (rows, options = {}) => {
      const { appendTo } = await import('./write.ts')
      return appendTo(await snapshot(), rows, options, await opened.machine())
    },
    upsert: async (rows, options) => {
      const { upsertInto } = await import('./write.ts')
      return upsertInto(await snapshot(), rows, options, await opened.machine())
    },
    history: async (limit) => (await import('@millrace/delta')).tableHistory(ref, limit),
  }
}

function selectOf(name: string, columns: readonly string[] | undefined, { version, time }: ReadOptions): string {
  const chosen = columns ? columns.map(quoteName).join(', ') : '*'
  // A table of the daily run is in a folder, which SQL knows as a schema.
  const from = name.split('/').map(quoteName).join('.')
  if (version !== undefined) return `SELECT ${chosen} FROM ${from} AT (VERSION => ${version})`
  if (time !== undefined) return `SELECT ${chosen} FROM ${from} AT (TIMESTAMP => ${quoteText(time.toISOString())})`
  return `SELECT ${chosen} FROM ${from}`
}
