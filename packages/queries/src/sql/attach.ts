import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { type OpenScan, openScan, openTable, planScan, type Snapshot, versionAt } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import { BATCH, type RunRecord, readRuns } from '../runs.ts'
import { type Asked, createEmptyViews, tablesOfLake } from './catalogue.ts'
import { explainMissing, missingTables } from './missing.ts'
import { neededRows } from './pushdown.ts'
import { type ChangesRead, openChangesRead } from './reads-of-changes.ts'
import { type AsOf, keyOf, type NamedTable, nameOf, pathOf, type TableNames, viewOf } from './tables.ts'
import type { Node } from './tree.ts'

export interface Surroundings {
  readonly connection: DuckDBConnection
  readonly store: ObjectStore
  readonly asOf: AsOf | undefined
  readonly tables: TableNames
  /** Parsed statement for skipping files, or undefined to read all files. */
  readonly tree: Node | undefined
}

/** Table that a statement reads, and how many of its files. */
export interface TableRead {
  readonly table: string
  readonly version: number
  /** Number of files that may hold needed rows. Other files are not opened. */
  readonly files: number
  readonly allFiles: number
}

/** Tables of the lake as views in DuckDB. Disposal drops the views. */
export interface Attached extends AsyncDisposable {
  readonly reads: readonly TableRead[]
  add(tables: readonly NamedTable[]): Promise<void>
  /** Adds the changes of a table. */
  addChanges(asked: ChangesRead): Promise<void>
  /** Shows all other tables in the catalogue, without rows. */
  show(asked: Asked): Promise<void>
  /** Adds the tables that the error says are missing. Returns whether there are any. */
  addMissing(error: unknown): Promise<boolean>
  has(table: NamedTable): Promise<boolean>
  explain(error: unknown): Promise<unknown>
}

export function openAttached(around: Surroundings): Attached {
  const made = new AsyncDisposableStack()
  const { connection, store } = around
  const reads: TableRead[] = []
  const scans: OpenScan[] = []
  const tried = new Set<string>()
  let lastRun: Promise<RunRecord | undefined> | undefined
  const open = (table: NamedTable) => {
    if (table.schema === BATCH) lastRun ??= lastRunOf(around)
    return snapshotOf(table, lastRun, around)
  }

  async function attach(table: NamedTable): Promise<void> {
    tried.add(keyOf(table))
    const snapshot = await open(table)
    if (!snapshot) return
    const all = planScan(snapshot)
    const where = around.tree && neededRows(around.tree, table, all.columns)
    const plan = where ? planScan(snapshot, { where }) : all
    // DuckDB filters the rows itself. The predicate only selects files.
    const scan = made.use(await openScan({ ...plan, where: undefined }, connection))
    await createView(table, scan, connection)
    made.defer(() => dropView(table, connection))
    scans.push(scan)
    const { path } = snapshot.table
    reads.push({ table: path, version: snapshot.version, files: plan.files.length, allFiles: snapshot.files.size })
  }

  async function add(tables: readonly NamedTable[]): Promise<void> {
    for (const table of tables) await attach(table)
  }

  async function addChanges(asked: ChangesRead): Promise<void> {
    const view = { schema: '', name: asked.viewName, viewName: asked.viewName }
    tried.add(keyOf(view))
    const { schema, name } = asked.table
    const table = { store, path: schema === BATCH ? `${BATCH}/${name}` : pathOf(name, around.tables) }
    const scan = made.use(await openChangesRead(table, asked, connection))
    await createView(view, scan, connection)
    made.defer(() => dropView(view, connection))
    scans.push(scan)
  }

  return {
    reads,
    add: (tables) => add(tables.filter((table) => !tried.has(keyOf(table)))),
    addChanges,
    show: async (asked) => {
      const tables = await tablesOfLake(store, around.tables)
      for (const table of tables) made.defer(() => dropView(table, connection))
      await createEmptyViews(tables, asked === 'columns' ? open : undefined, connection)
    },
    addMissing: async (error) => {
      const before = reads.length
      await add(missingTables(error).filter((table) => !tried.has(keyOf(table))))
      return reads.length > before
    },
    has: async (table) => (await open(table)) !== undefined,
    explain: (error) =>
      explainMissing(explained(error, scans), async () => (await tablesOfLake(store, around.tables)).map(nameOf)),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
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

/** Returns the last run that had finished at the time of `asOf`. */
async function lastRunOf({ store, asOf }: Surroundings): Promise<RunRecord | undefined> {
  const runs = await readRuns(store)
  return asOf && 'time' in asOf ? runs.find(({ finished }) => finished <= asOf.time) : runs[0]
}

/**
 * Opens a table. Tables of the daily run have the versions in the last row of `batch.runs`, so that unfinished runs stay
 * hidden.
 */
async function snapshotOf(
  { schema, name, at }: NamedTable,
  lastRun: Promise<RunRecord | undefined> | undefined,
  { store, asOf: forAll, tables }: Surroundings,
): Promise<Snapshot | undefined> {
  // DuckDB itself reads files such as `FROM 'folder/*.csv'`.
  if ((schema !== '' && schema !== BATCH) || /[/\\*?]/.test(name)) return undefined
  const table = { store, path: schema === BATCH ? `${BATCH}/${name}` : pathOf(name, tables) }
  const asOf = at ?? forAll
  const isOfRun = schema === BATCH && !at && !(asOf && 'version' in asOf)
  const version = isOfRun ? (await lastRun)?.versions[table.path] : undefined
  if (version !== undefined) return openTable(table, version)
  if (!asOf) return openTable(table)
  return openTable(table, 'version' in asOf ? asOf.version : await versionAt(table, asOf.time))
}

function explained(error: unknown, scans: readonly OpenScan[]): unknown {
  const cause = scans.reduce((known, scan) => scan.explain(known), error)
  if (cause instanceof MillraceError || !(cause instanceof Error)) return cause
  return new MillraceError('QUERY_FAILED', cause.message, { cause })
}
