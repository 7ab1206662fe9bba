import { MillraceError, type Runtime } from '@millrace/base'
import { type AddFile, openTable, type Snapshot, shareFiles } from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import type { RunName } from '../manifest.ts'
import type { Cluster, ClusterRows } from './cluster.ts'

/** Folder of the temporary tables of runs on a cluster. */
const FOLDER = '_millrace/trino'

/** Schema on the cluster with the tables of one run. It is dropped when the run ends. */
export interface ClusterSchema extends AsyncDisposable {
  run(sql: string): Promise<ClusterRows>
  /** Registers exactly these files as a table. Returns its quoted name. */
  share(table: string, snapshot: Snapshot, files: readonly AddFile[]): Promise<string>
  /** Registers a table of ours at `pathOf(table)`. Returns its quoted name. */
  register(table: string): Promise<string>
  /** Creates a table from a SELECT at a path of the lake. Returns its quoted name. */
  create(table: string, select: string, path?: string): Promise<string>
  /** Returns the path in the lake of a table of this schema. */
  pathOf(table: string): string
  /** Opens the table that the cluster has written at a path. */
  read(path: string): Promise<Snapshot>
}

export async function openClusterSchema(
  cluster: Cluster,
  { date, attempt }: RunName,
  lake: ObjectStore,
  runtime: Runtime,
): Promise<ClusterSchema> {
  if (!lake.url.startsWith('s3://')) {
    throw new MillraceError('STORE_UNSUITABLE', `a Trino cluster can't reach the lake ${lake.url}`, {
      next: 'Put the lake on S3, or do the work with DuckDB.',
    })
  }
  const schema = `millrace_${date.replaceAll('-', '_')}_${attempt}_${runtime.uuid().slice(0, 8)}`
  const qualified = (...names: string[]) => [cluster.catalog, ...names].map(quoteName).join('.')
  const pathOf = (table: string) => `${FOLDER}/${schema}/${table}`
  const locationOf = (path: string) => `${lake.url}/${path}`
  const known = new Set<string>()
  const call = (procedure: string, ...values: string[]) =>
    `CALL ${qualified('system', procedure)}(${values.map(quoteText).join(', ')})`

  await cluster.run(
    `CREATE SCHEMA ${qualified(schema)} WITH (location = ${quoteText(locationOf(`${FOLDER}/${schema}`))})`,
  )
  const register = async (table: string) => {
    await cluster.run(call('register_table', schema, table, locationOf(pathOf(table))))
    known.add(table)
    return qualified(schema, table)
  }
  return {
    run: (sql) => cluster.run(sql, schema),
    pathOf,
    register,
    async share(table, snapshot, files) {
      await shareFiles({ store: lake, path: pathOf(table) }, snapshot, files, runtime)
      return register(table)
    },
    async create(table, select, path = pathOf(table)) {
      const name = qualified(schema, table)
      await cluster.run(`CREATE TABLE ${name} WITH (location = ${quoteText(locationOf(path))}) AS\n${select}`, schema)
      known.add(table)
      return name
    },
    async read(path) {
      const snapshot = await openTable({ store: lake, path })
      if (snapshot) return snapshot
      throw new MillraceError('TABLE_NOT_FOUND', `${cluster.url} has written no table at ${lake.url}/${path}`, {
        next: `Check that the catalog ${cluster.catalog} is on the same store.`,
      })
    },
    async [Symbol.asyncDispose]() {
      // Tables that stay registered are not read by anyone, so a failure here must not fail the run.
      await unregisterAll().catch(() => {})
      await deleteAll(lake, `${FOLDER}/${schema}/`)
    },
  }
  /** Unregisters the tables and drops the schema. Dropping the tables would let the cluster delete their files. */
  async function unregisterAll(): Promise<void> {
    for (const table of known) await cluster.tidy(call('unregister_table', schema, table))
    await cluster.tidy(`DROP SCHEMA ${qualified(schema)}`)
  }
}

async function deleteAll(store: ObjectStore, prefix: string): Promise<void> {
  for (const key of await Array.fromAsync(store.keys(prefix))) await store.delete(key)
}
