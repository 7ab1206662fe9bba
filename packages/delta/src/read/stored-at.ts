import { MillraceError } from '@millrace/base'
import { type ObjectStore, outside } from '@millrace/store'
import type { Location } from '../log/location.ts'
import { type TableRef, tableUrl } from '../log/log.ts'

/** Store and key of a file that a log names. */
export interface StoredAt {
  readonly store: ObjectStore
  readonly key: string
}

/**
 * Returns where a location is read: in the lake, or in a place that the user allows. Nothing else is read by its
 * address, nor fetched from the web.
 */
export function storedAt(table: TableRef, location: Location): StoredAt {
  const { store } = table
  if ('key' in location) return { store, key: location.key }
  const { address } = location
  if (!/^(\/|s3:)/.test(address)) {
    throw new MillraceError('TABLE_UNSUPPORTED', `${tableUrl(table)} has a file that is not read: ${address}`, {
      next: 'Copy the file into the lake with the engine that wrote the table.',
    })
  }
  for (const place of store.allowed ?? []) {
    const folder = place.root.endsWith('/') ? place.root : `${place.root}/`
    if (address.startsWith(folder)) return { store: place.store, key: address.slice(folder.length) }
  }
  throw outside(`${tableUrl(table)}: ${address}`)
}
