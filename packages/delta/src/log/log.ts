import { MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import type { Actions } from './actions.ts'
import { decodeActions } from './decode-actions.ts'
import { type Location, locationsOf } from './location.ts'

/** Location of a Delta table: a store and a folder in it. */
export interface TableRef {
  readonly store: ObjectStore
  readonly path: string
}

export function tableUrl(table: TableRef): string {
  return `${table.store.url}/${table.path}`
}

export function logKey(table: TableRef, name: string): string {
  return `${table.path}/_delta_log/${name}`
}

/** Returns the version in twenty digits, which names in the log start with, so that they sort by version. */
export function versionName(version: number): string {
  return String(version).padStart(20, '0')
}

export function commitName(version: number): string {
  return `${versionName(version)}.json`
}

/** Returns the key of a data file from its path in the log. */
export function dataKey(table: TableRef, addPath: string): string {
  const location = locationOf(table, addPath)
  if ('key' in location) return location.key
  throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: ${addPath} lies outside of the lake`)
}

/** Returns the location of a file in the log: most are in the store, some elsewhere by an address. */
export function locationOf(table: TableRef, addPath: string): Location {
  const [location] = locationsOf(table.store, table.path, addPath)
  if (location) return location
  throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: the log names a file by a bad URL: ${addPath}`)
}

export async function readCommit(table: TableRef, version: number): Promise<Actions | undefined> {
  const bytes = await table.store.get(logKey(table, commitName(version)))
  return bytes && decodeActions(bytes, `${tableUrl(table)} version ${version}`)
}
