import type { DuckDBConnection, DuckDBDataChunk, DuckDBType } from '@duckdb/node-api'
import { MillraceError, openWorkFolder } from '@millrace/base'
import {
  type OpenScan,
  openScan,
  openTable,
  planScan,
  type Snapshot,
  type StructField,
  versionAt,
} from '@millrace/delta'
import { openDuckDB, quoteName, quoteText } from '@millrace/engine'
import { type ObjectStore, openLake } from '@millrace/store'
import { BATCH, type RunRecord, readRuns } from '../runs.ts'
import { neededRows } from './pushdown.ts'
import { type AsOf, listedTables, type NamedTable, tablesOf, withViewNames } from './tables.ts'
import { type Node, parseSelects } from './tree.ts'

export interface SqlOptions {
  /** Places outside of the lake whose files its tables may name. */
  readonly allowPaths?: readonly string[]
  /** Version or time at which all tables are read, unless the SQL names another one. */
  readonly asOf?: AsOf | undefined
}

export interface ResultColumn {
  readonly name: string
  readonly type: DuckDBType
}

/** Table that a statement reads, and how many of its files. */
export interface TableRead {
  readonly table: string
  readonly version: number
  /** Number of files that may hold needed rows. Other files are not opened. */
  readonly files: number
  readonly allFiles: number
}

export interface SqlResult {
  readonly columns: readonly ResultColumn[]
  readonly reads: readonly TableRead[]
  /** Streams the rows in chunks. */
  chunks(): AsyncIterable<DuckDBDataChunk>
}

/** SQL session over the lake's tables. Each statement opens the tables that it names at their current version. */
export interface SqlSession extends AsyncDisposable {
  /** Runs the statements and passes the last result to `use`. The result is valid until `use` settles. */
  run<T>(sql: string, use: (result: SqlResult) => Promise<T>): Promise<T>
  /** Writes the result of a SELECT into a local Parquet file. */
  writeParquet(sql: string, file: string): Promise<readonly TableRead[]>
  columnsOf(table: string): Promise<readonly StructField[]>
  /** Stops the running statement with an error. */
  interrupt(): void
}

export async function openSql(lake: string, { asOf, allowPaths = [] }: SqlOptions = {}): Promise<SqlSession> {
  await using made = new AsyncDisposableStack()
  const store = await openLake(lake, { allowPaths })
  const folder = await openWorkFolder()
  made.defer(folder.close)
  const engine = await openDuckDB({ temporaryFolder: folder.path })
  made.defer(engine.close)
  const connection = await engine.connect()
  const held = made.move()
  let prunes = true

  async function prepared<T>(sql: string, use: (statement: Prepared) => Promise<T>): Promise<T> {
    const tree = await parseSelects(connection, sql)
    const tables = tree ? tablesOf(tree) : listedTables(connection, sql)
    // After a statement other than SELECT there may be views, macros or settings that change what SQL means.
    prunes &&= tree !== undefined
    await using attached = await attach({ connection, store, asOf, tree: prunes ? tree : undefined }, tables)
    try {
      return await use({ sql: tree ? await withViewNames(connection, tree, sql) : sql, reads: attached.reads })
    } catch (error) {
      throw attached.explain(error)
    }
  }

  return {
    run: (sql, use) =>
      prepared(sql, async (statement) => {
        const result = await connection.stream(statement.sql)
        const types = result.columnTypes()
        const columns = result.columnNames().map((name, i) => ({ name, type: types[i] as DuckDBType }))
        return use({ columns, reads: statement.reads, chunks: () => result })
      }),
    writeParquet: (sql, file) =>
      prepared(sql, async (statement) => {
        const target = `${quoteText(file)} (FORMAT parquet, COMPRESSION zstd)`
        await connection.run(`COPY (${statement.sql.trim().replace(/;$/, '')}\n) TO ${target}`)
        return statement.reads
      }),
    columnsOf: async (path) => {
      const snapshot = await openTable({ store, path })
      return snapshot ? planScan(snapshot).columns : []
    },
    interrupt: () => connection.interrupt(),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

interface Prepared {
  readonly sql: string
  readonly reads: readonly TableRead[]
}

interface Surroundings {
  readonly connection: DuckDBConnection
  readonly store: ObjectStore
  readonly asOf: AsOf | undefined
  /** Parsed statement for skipping files, or undefined to read all files. */
  readonly tree: Node | undefined
}

interface Attached extends AsyncDisposable {
  readonly reads: readonly TableRead[]
  explain(error: unknown): unknown
}

/** Creates a view for each table. Disposal drops the views. */
async function attach(around: Surroundings, tables: readonly NamedTable[]): Promise<Attached> {
  await using made = new AsyncDisposableStack()
  const run = tables.some(({ schema }) => schema === BATCH) ? await lastRun(around) : undefined
  const reads: TableRead[] = []
  const scans: OpenScan[] = []
  for (const table of tables) {
    const snapshot = await snapshotOf(table, run, around)
    if (!snapshot) continue
    const all = planScan(snapshot)
    const where = around.tree && neededRows(around.tree, table, all.columns)
    const plan = where ? planScan(snapshot, { where }) : all
    // DuckDB filters the rows itself. The predicate only selects files.
    const scan = made.use(await openScan({ ...plan, where: undefined }, around.connection))
    await createView(table, scan, around.connection)
    made.defer(() => dropView(table, around.connection))
    scans.push(scan)
    const { path } = snapshot.table
    reads.push({ table: path, version: snapshot.version, files: plan.files.length, allFiles: snapshot.files.size })
  }
  const held = made.move()
  return { reads, explain: (error) => explained(error, scans), [Symbol.asyncDispose]: () => held.disposeAsync() }
}

async function createView(table: NamedTable, scan: OpenScan, connection: DuckDBConnection): Promise<void> {
  try {
    if (table.schema !== '') await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(table.schema)}`)
    await connection.run(`CREATE VIEW ${viewOf(table)} AS ${scan.sql}`)
  } catch (error) {
    throw explained(error, [scan])
  }
}

async function dropView(table: NamedTable, connection: DuckDBConnection): Promise<void> {
  await connection.run(`DROP VIEW IF EXISTS ${viewOf(table)}`)
}

function viewOf({ schema, viewName }: NamedTable): string {
  return schema === '' ? quoteName(viewName) : `${quoteName(schema)}.${quoteName(viewName)}`
}

/** Returns the last run that had finished at the time of `asOf`. */
async function lastRun({ store, asOf }: Surroundings): Promise<RunRecord | undefined> {
  const runs = await readRuns(store)
  return asOf && 'time' in asOf ? runs.find(({ finished }) => finished <= asOf.time) : runs[0]
}

/**
 * Opens a table. Tables of the daily run have the versions in the last row of `batch.runs`, so that unfinished runs stay
 * hidden.
 */
async function snapshotOf(
  { schema, name, at }: NamedTable,
  run: RunRecord | undefined,
  { store, asOf: forAll }: Surroundings,
): Promise<Snapshot | undefined> {
  // DuckDB itself reads files such as `FROM 'folder/*.csv'`.
  if ((schema !== '' && schema !== BATCH) || /[/\\*?]/.test(name)) return undefined
  const table = { store, path: schema === BATCH ? `${BATCH}/${name}` : name }
  const asOf = at ?? forAll
  const version = schema === BATCH && !at && !(asOf && 'version' in asOf) ? run?.versions[table.path] : undefined
  if (version !== undefined) return openTable(table, version)
  if (!asOf) return openTable(table)
  return openTable(table, 'version' in asOf ? asOf.version : await versionAt(table, asOf.time))
}

function explained(error: unknown, scans: readonly OpenScan[]): unknown {
  const cause = scans.reduce((known, scan) => scan.explain(known), error)
  if (cause instanceof MillraceError || !(cause instanceof Error)) return cause
  return new MillraceError('QUERY_FAILED', cause.message, { cause })
}
