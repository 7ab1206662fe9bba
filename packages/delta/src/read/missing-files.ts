import { type FileId, idOf } from '../log/location.ts'
import { locationOf, type TableRef } from '../log/log.ts'

/** Returns those of these files that do not exist any more. */
export async function missingFiles(table: TableRef, paths: Iterable<string>): Promise<string[]> {
  const missing = new Map<FileId, string>()
  for (const path of paths) {
    const location = locationOf(table, path)
    if ('key' in location) missing.set(idOf(location), path)
  }
  if (missing.size === 0) return []
  for await (const { key } of table.store.list(`${table.path}/`)) missing.delete(idOf({ key }))
  for (const [id, path] of missing) {
    const place = locationOf(table, path)
    if ('key' in place && (await table.store.get(place.key, { offset: 0, length: 1 }))) missing.delete(id)
  }
  return [...missing.values()]
}
