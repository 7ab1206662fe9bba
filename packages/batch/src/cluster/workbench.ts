import { MillraceError, type Runtime } from '@millrace/base'
import { type AddFile, openTable, type Snapshot, shareFiles } from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import type { RunName } from '../manifest.ts'
import type { Cluster, ClusterRows } from './cluster.ts'

/** Below this a run's tables on a cluster lie, but for those that stay. */
const FOLDER = '_millrace/trino'

/** Where the tables of one run are known to the cluster, for as long as the run lasts. */
export interface Workbench extends AsyncDisposable {
  run(sql: string): Promise<ClusterRows>
  /** Makes exactly these files known as a table; answers its name as SQL has it. */
  share(table: string, snapshot: Snapshot, files: readonly AddFile[]): Promise<string>
  /** Makes a table of ours known that lies where `placeOf` says. */
  register(table: string): Promise<string>
  /** Makes a table of what a SELECT gives, at a place in the lake; answers its name. */
  create(table: string, select: string, place?: string): Promise<string>
  /** Where a table of the workbench lies in the lake. */
  placeOf(table: string): string
  /** What the cluster has written there. */
  read(place: string): Promise<Snapshot>
}

export async function openWorkbench(
  cluster: Cluster,
  { date, attempt }: RunName,
  lake: ObjectStore,
  runtime: Runtime,
): Promise<Workbench> {
  if (!lake.url.startsWith('s3://')) {
    throw new MillraceError('STORE_UNSUITABLE', `a Trino cluster can't reach the lake ${lake.url}`, {
      next: 'Put the lake on S3, or do the work with DuckDB.',
    })
  }
  const schema = `millrace_${date.replaceAll('-', '_')}_${attempt}_${runtime.uuid().slice(0, 8)}`
  const qualified = (...names: string[]) => [cluster.catalog, ...names].map(quoteName).join('.')
  const placeOf = (table: string) => `${FOLDER}/${schema}/${table}`
  const locationOf = (place: string) => `${lake.url}/${place}`
  const known = new Set<string>()
  const call = (procedure: string, ...values: string[]) =>
    `CALL ${qualified('system', procedure)}(${values.map(quoteText).join(', ')})`

  await cluster.run(
    `CREATE SCHEMA ${qualified(schema)} WITH (location = ${quoteText(locationOf(`${FOLDER}/${schema}`))})`,
  )
  const register = async (table: string) => {
    await cluster.run(call('register_table', schema, table, locationOf(placeOf(table))))
    known.add(table)
    return qualified(schema, table)
  }
  return {
    run: (sql) => cluster.run(sql, schema),
    placeOf,
    register,
    async share(table, snapshot, files) {
      await shareFiles({ store: lake, path: placeOf(table) }, snapshot, files, runtime)
      return register(table)
    },
    async create(table, select, place = placeOf(table)) {
      const name = qualified(schema, table)
      await cluster.run(`CREATE TABLE ${name} WITH (location = ${quoteText(locationOf(place))}) AS\n${select}`, schema)
      known.add(table)
      return name
    },
    async read(place) {
      const snapshot = await openTable({ store: lake, path: place })
      if (snapshot) return snapshot
      throw new MillraceError('TABLE_NOT_FOUND', `${cluster.url} has written no table at ${lake.url}/${place}`, {
        next: `Check that the catalog ${cluster.catalog} is on the same store.`,
      })
    },
    async [Symbol.asyncDispose]() {
      // What the cluster does not let go of is read by nobody, and no reason for a run to fail.
      await letGo().catch(() => {})
      await deleteAll(lake, `${FOLDER}/${schema}/`)
    },
  }
  /** Not dropped: that would be for the cluster to decide what becomes of the files. */
  async function letGo(): Promise<void> {
    for (const table of known) await cluster.tidy(call('unregister_table', schema, table))
    await cluster.tidy(`DROP SCHEMA ${qualified(schema)}`)
  }
}

async function deleteAll(store: ObjectStore, prefix: string): Promise<void> {
  for (const key of await Array.fromAsync(store.keys(prefix))) await store.delete(key)
}
