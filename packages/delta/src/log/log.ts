import { MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import { type Actions, decodeActions } from './actions.ts'
import { type Location, locationsOf } from './location.ts'

/** A Delta table's place: a store and the folder in it. */
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

/** Names in the log start with the version in twenty digits, so that their order is the table's. */
export function versionName(version: number): string {
  return String(version).padStart(20, '0')
}

export function commitName(version: number): string {
  return `${versionName(version)}.json`
}

/** The key of a data file, from its path in the log. */
export function dataKey(table: TableRef, addPath: string): string {
  const location = locationOf(table, addPath)
  if ('key' in location) return location.key
  throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: ${addPath} lies outside of the lake`)
}

/** Where a file of the log lies: most in the store, as an object of it; some, named by an address, elsewhere. */
export function locationOf(table: TableRef, addPath: string): Location {
  const [location] = locationsOf(table.store, table.path, addPath)
  if (location) return location
  throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: the log names a file by a bad URL: ${addPath}`)
}

export async function readCommit(table: TableRef, version: number): Promise<Actions | undefined> {
  const bytes = await table.store.get(logKey(table, commitName(version)))
  return bytes && decodeActions(bytes, `${tableUrl(table)} version ${version}`)
}
