import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBResult,
  type DuckDBType,
  ResultReturnType,
} from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { openTable, planScan, type StructField } from '@millrace/delta'
import { quoteText } from '@millrace/engine'
import { type ObjectStore, openLake } from '@millrace/store'
import { type Attached, openAttached, type TableRead } from './attach.ts'
import { askedOfAll, tablesOfLake } from './catalogue.ts'
import { changeOf, isOwn, refuseCreation, refusedChange } from './changes.ts'
import { openSessionEngine } from './engine.ts'
import { readsOfChanges } from './reads-of-changes.ts'
import { splitStatements } from './statements.ts'
import { type AsOf, listedTables, nameOf, pathOf, type TableNames, tablesOf, withViewNames } from './tables.ts'
import { parseSelects, renderSelects } from './tree.ts'
import { changeLake } from './write/change-lake.ts'

export interface SqlOptions {
  /** Places outside of the lake whose files its tables may name. */
  readonly allowPaths?: readonly string[]
  /** Version or time at which all tables are read, unless the SQL names another one. */
  readonly asOf?: AsOf | undefined
  /** Tables of data sets that are not called as the data set is, by the data set's name. */
  readonly tables?: TableNames | undefined
  /** Whether statements may change the lake's tables. */
  readonly writes?: boolean
  /** Whether statements only say what they would do. */
  readonly explains?: boolean
}

export interface ResultColumn {
  readonly name: string
  readonly type: DuckDBType
}

export interface SqlResult {
  /** None for a statement that gives no rows, such as SET or CREATE. */
  readonly columns: readonly ResultColumn[]
  readonly reads: readonly TableRead[]
  /** Streams the rows in chunks. */
  chunks(): AsyncIterable<DuckDBDataChunk>
}

/** SQL session over the lake's tables. Each statement opens the tables that it names at their current version. */
export interface SqlSession extends AsyncDisposable {
  /** Runs the statements one after another and passes each result to `use`. A result is valid until `use` settles. */
  run<T>(sql: string, use: (result: SqlResult) => Promise<T>): Promise<T[]>
  /** Writes the result of a SELECT into a local Parquet file. */
  writeParquet(sql: string, file: string): Promise<readonly TableRead[]>
  /** Returns the names that the lake's tables have in SQL: `orders`, `batch.revenue`. */
  tableNames(): Promise<readonly string[]>
  columnsOf(table: string): Promise<readonly StructField[]>
  /** Stops the running statement with an error. */
  interrupt(): void
}

export async function openSql(lake: string | ObjectStore, options: SqlOptions = {}): Promise<SqlSession> {
  const { asOf, allowPaths = [], tables = {}, writes = false, explains = false } = options
  const store = typeof lake === 'string' ? await openLake(lake, { allowPaths }) : lake
  const engine = await openSessionEngine(store)
  let prunes = true

  /** Attaches what the statement names, then calls `execute`: once more for every table that turns out to be missing. */
  async function withTables<R, T>(
    sql: string,
    execute: (sql: string, connection: DuckDBConnection) => Promise<R>,
    use: (result: R, reads: readonly TableRead[]) => Promise<T>,
    output?: string,
  ): Promise<T> {
    const { tree, changes } = readsOfChanges(await parseSelects(engine.connection(), sql))
    await engine.reachFor(tree, output)
    const connection = engine.connection()
    // After a statement other than SELECT there may be views, macros or settings that change what SQL means.
    prunes &&= tree !== undefined
    await using attached = openAttached({
      connection,
      store,
      asOf,
      tables,
      tree: prunes ? tree : undefined,
    })
    if (!tree) await refuseChanges(sql, attached, connection, writes)
    for (const asked of changes) await attached.addChanges(asked)
    await attached.add(tree ? tablesOf(tree) : listedTables(connection, sql))
    const asked = askedOfAll(sql)
    if (asked) await attached.show(asked)
    try {
      const text = tree && changes.length > 0 ? await renderSelects(connection, tree) : sql
      const named = tree ? await withViewNames(connection, tree, text) : sql
      return await use(await executed(() => execute(named, connection), attached), attached.reads)
    } catch (error) {
      throw await attached.explain(error)
    }
  }

  return {
    run: async <T>(sql: string, use: (result: SqlResult) => Promise<T>) => {
      const used: T[] = []
      for (const statement of await statementsOf(sql, engine.connection())) {
        const execute = (text: string, connection: DuckDBConnection) => connection.stream(text)
        const done = writes ? await changeLake(statement, { ...options, store, engine, prunes }) : undefined
        const shown = done ?? (explains ? `EXPLAIN ${statement}` : statement)
        used.push(await withTables(shown, execute, (result, reads) => use(resultOf(result, reads))))
      }
      return used
    },
    writeParquet: async (sql, file) => {
      const [select, ...more] = await statementsOf(sql, engine.connection())
      if (select === undefined || more.length > 0) {
        throw new MillraceError('USAGE', `a Parquet file holds one result, and this is ${more.length + 1} statements`, {
          next: 'Give one SELECT.',
        })
      }
      const target = `${quoteText(file)} (FORMAT parquet, COMPRESSION zstd)`
      return withTables(
        select,
        (text, connection) => connection.run(`COPY (${text}\n) TO ${target}`),
        async (_, reads) => reads,
        file,
      )
    },
    tableNames: async () => (await tablesOfLake(store, tables)).map(nameOf),
    columnsOf: async (path) => {
      const snapshot = await openTable({ store, path: pathOf(path, tables) })
      return snapshot ? planScan(snapshot).columns : []
    },
    interrupt: () => engine.connection().interrupt(),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

function resultOf(result: DuckDBResult, reads: readonly TableRead[]): SqlResult {
  const types = result.columnTypes()
  const names = result.returnType === ResultReturnType.QUERY_RESULT ? result.columnNames() : []
  const columns = names.map((name, i) => ({ name, type: types[i] as DuckDBType }))
  return { columns, reads, chunks: () => (names.length > 0 ? result : nothing()) }
}

async function* nothing(): AsyncGenerator<never> {}

/** Returns the statements, or the SQL as a whole where DuckDB's parser does not cut it as we do. */
async function statementsOf(sql: string, connection: DuckDBConnection): Promise<readonly string[]> {
  const statements = splitStatements(sql)
  try {
    for (const statement of statements) await connection.extractStatements(statement)
    return statements
  } catch {
    return [sql]
  }
}

/** A table that is not in DuckDB's catalogue yet is found missing before the statement has any effect. */
async function executed<R>(execute: () => Promise<R>, attached: Attached): Promise<R> {
  for (;;) {
    try {
      return await execute()
    } catch (error) {
      if (!(await attached.addMissing(error))) throw error
    }
  }
}

async function refuseChanges(
  sql: string,
  attached: Attached,
  connection: DuckDBConnection,
  writes: boolean,
): Promise<void> {
  refuseCreation(sql)
  const change = changeOf(sql)
  if (change === undefined || (await isOwn(change.table.name, connection))) return
  if (await attached.has(change.table)) throw refusedChange(change, writes)
}
