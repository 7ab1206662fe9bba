import { systemRuntime } from '@millrace/base'
import { filesOf, type Machine, openMachine } from '@millrace/engine'
import type { SqlSession } from '@millrace/queries'
import { type ObjectStore, openLake as openStore } from '@millrace/store'
import type { Table as ArrowTable } from 'apache-arrow'
import { type ColumnDefinition, structFields } from './columns.ts'
import type { Opened } from './opened.ts'
import type { Row } from './rows.ts'
import { openTable, type Table } from './table.ts'

/** A folder or a bucket of Delta tables. */
export interface Lake extends AsyncDisposable {
  /** The address, for people. */
  readonly url: string
  /** Names of the tables, in order. */
  tables(): Promise<string[]>
  /** The table of this name; nothing is read yet, and it need not be there. */
  table(name: string): Table
  /** Makes a table, or opens the one that is there where its columns fit. */
  createTable(name: string, definition: TableDefinition): Promise<Table>
  /** Runs SQL that names tables of this lake, and answers the rows as JSON has them. */
  read(sql: string): Promise<Row[]>
  /**
   * Runs SQL that may also change tables of this lake (DELETE, UPDATE, INSERT, MERGE, TRUNCATE), each statement as one
   * commit. Answers the rows of the last statement: of a change how many rows it deleted, updated and inserted, how many
   * files it read and changed, and the version that it made.
   */
  sql(statements: string): Promise<Row[]>
  /** The same as `read`, as an Arrow table. */
  readArrow(sql: string): Promise<ArrowTable>
  close(): Promise<void>
}

export interface TableDefinition {
  readonly columns: Readonly<Record<string, string | ColumnDefinition>>
  readonly partitionBy?: readonly string[]
  readonly description?: string
}

export interface LakeOptions {
  /** Places outside of the lake whose files its tables may name. */
  readonly allowPaths?: readonly string[]
}

export async function openLake(lake: string | ObjectStore, options: LakeOptions = {}): Promise<Lake> {
  const store = typeof lake === 'string' ? await openStore(lake, options) : lake
  const held = new AsyncDisposableStack()
  const opened = openParts(store, held)
  const close = () => held.disposeAsync()
  const table = (name: string) => openTable(opened, name)
  return {
    url: store.url,
    tables: async () => (await import('@millrace/delta')).listTables(store),
    table,
    async createTable(name, { columns, partitionBy = [], description }) {
      const { openOrCreate } = await import('@millrace/delta')
      const schema = { type: 'struct' as const, fields: structFields(columns) }
      const wanted = { schema, partitionColumns: partitionBy, ...(description !== undefined && { description }) }
      await openOrCreate({ store, path: name }, wanted, systemRuntime)
      return table(name)
    },
    read: (sql) => opened.inSql(async (session) => (await import('./results.ts')).rowsOf(session, sql)),
    sql: (sql) =>
      opened.inSql(async (session) => (await import('./results.ts')).rowsOf(session, sql), { writes: true }),
    readArrow: (sql) => opened.inSql(async (session) => (await import('./results.ts')).arrowOf(session, sql)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function openParts(store: ObjectStore, held: AsyncDisposableStack): Opened {
  let machine: Promise<Machine> | undefined
  const sessions = new Map<boolean, Promise<SqlSession>>()
  let last: Promise<unknown> = Promise.resolve()
  const openSession = async (writes: boolean) => {
    const { openSql } = await import('@millrace/queries')
    return held.use(await openSql(store, { writes }))
  }
  return {
    store,
    machine: () => {
      machine ??= openMachine(systemRuntime, filesOf(store)).then((opened) => held.use(opened))
      return machine
    },
    inSql: (work, { writes = false } = {}) => {
      const opening = sessions.get(writes) ?? openSession(writes)
      sessions.set(writes, opening)
      const done = last.then(async () => work(await opening))
      last = done.catch(() => {})
      return done
    },
  }
}
