import { existsSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { MillraceError, type Runtime } from '@millrace/base'
import { type ObjectStore, openLake } from '@millrace/store'
import type { Topics } from './claims.ts'
import { isDatabase, type OpenRows, type RowFeed } from './database.ts'

export interface Wanted {
  readonly datasets: readonly string[]
  /** Returns the name of a data set's table in the lake. */
  readonly tableOf: (dataset: string) => string
  readonly topics: Topics
}

/** Source of a run's records: the tables that the stream wrote, a raw landing, or a database. */
export interface Source {
  /** Name in the manifest, which identifies the source. */
  readonly name: string
  /** Address as it was given. */
  readonly address: string | undefined
  readonly raw: ObjectStore | undefined
  /** The only file to read, if the address names a file instead of a folder. */
  readonly only?: string
  /** Opens a reader of all rows of these data sets in a database. */
  readonly rows?: (datasets: readonly string[]) => Promise<RowFeed>
}

export interface SourceParts {
  readonly wanted: Wanted
  readonly runtime: Runtime
  readonly openRows: OpenRows
}

export async function openSource(
  lake: ObjectStore,
  raw: string | undefined,
  { wanted, runtime, openRows }: SourceParts,
): Promise<Source> {
  if (raw === undefined) return { name: nameOfTables(lake, wanted), address: raw, raw }
  if (isDatabase(raw)) {
    return { name: raw, address: raw, raw: undefined, rows: (datasets) => openRows(raw, datasets, runtime) }
  }
  const isLocal = !/^[a-z][a-z0-9+.-]+:/i.test(raw)
  if (isLocal && !existsSync(raw)) {
    throw new MillraceError('RAW_MISSING', `there is nothing at ${raw}`)
  }
  if (!isLocal || statSync(raw).isDirectory()) {
    const store = await openLake(raw, { runtime })
    return { name: store.url, address: raw, raw: store }
  }
  const store = await openLake(dirname(raw), { runtime })
  return { name: `${store.url}/${basename(raw)}`, address: raw, raw: store, only: basename(raw) }
}

/** Returns the name of the tables as a source: other tables are another source. */
function nameOfTables(lake: ObjectStore, { datasets, tableOf }: Wanted): string {
  const renamed = datasets.filter((dataset) => tableOf(dataset) !== dataset)
  return [lake.url, ...renamed.map((dataset) => `${dataset} in ${tableOf(dataset)}`)].join(', ')
}
