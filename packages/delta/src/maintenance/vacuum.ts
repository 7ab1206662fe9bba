import { MillraceError } from '@millrace/base'
import type { ObjectInfo } from '@millrace/store'
import { idOf } from '../log/location.ts'
import { type TableRef, tableUrl } from '../log/log.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { CHANGE_FOLDER } from '../write/change-files.ts'
import type { WriteContext } from '../write/context.ts'
import { fileRetention } from '../write/retention.ts'
import { refuseUnwritable } from '../write/writable.ts'
import { behindLinks, neededFiles } from './needed.ts'
import { tombstonesSince } from './tombstones.ts'

export interface VacuumOptions {
  /** Deletes nothing; the result has what would be deleted. */
  readonly dryRun?: boolean
  /** Defaults to the table's retention; a shorter one needs `force`. */
  readonly retentionMs?: number
  /** Also deletes files that readers of older versions and running writers may still need. */
  readonly force?: boolean
}

export interface VacuumResult {
  readonly keys: readonly string[]
  readonly bytes: number
  readonly deleted: boolean
}

const DELETES_AT_ONCE = 16

/**
 * Deletes files older than the retention that no version within it refers to: files that commits have removed, and
 * files of writers that never committed.
 */
export async function vacuumTable(
  snapshot: Snapshot,
  context: WriteContext,
  { dryRun = false, retentionMs, force = false }: VacuumOptions = {},
): Promise<VacuumResult> {
  refuseUnwritable(snapshot)
  const { table } = snapshot
  const retention = retentionMs ?? fileRetention(snapshot.metadata)
  if (retention < fileRetention(snapshot.metadata) && !force) {
    throw new MillraceError(
      'USAGE',
      `${tableUrl(table)} keeps removed files for ${fileRetention(snapshot.metadata) / 3_600_000} hours, not ${retention / 3_600_000}`,
      {
        next: 'Readers and writers may still need younger files. Change delta.deletedFileRetentionDuration, or force it.',
      },
    )
  }
  const since = context.runtime.now() - retention
  const tombstones = await tombstonesSince(snapshot, since)
  const needed = await neededFiles(table, snapshot.files.values(), tombstones)
  const candidates: ObjectInfo[] = []
  for await (const info of table.store.list(`${table.path}/`)) {
    const isNeeded = needed.delete(idOf({ key: info.key }))
    if (info.modified >= since || isHidden(info.key.slice(table.path.length + 1)) || isNeeded) continue
    candidates.push(info)
  }
  // Needed files that the listing did not show are elsewhere, or reached through a link.
  const linked = await behindLinks(table, needed)
  const unneeded = candidates.filter(({ key }) => !linked.has(idOf({ key })))
  const keys = unneeded.map(({ key }) => key)
  const bytes = unneeded.reduce((sum, { size }) => sum + size, 0)
  if (!dryRun) await deleteAll(table, keys)
  return { keys, bytes, deleted: !dryRun }
}

/**
 * Whether a key is in the log or in another engine's hidden folder. A partition's folder may begin with `_` too. Files
 * of changed rows go by their age alone: no version has them.
 */
function isHidden(relative: string): boolean {
  const folders = relative.split('/')
  if (folders[0] === CHANGE_FOLDER) folders.shift()
  return folders.some((part) => part.startsWith('.') || (part.startsWith('_') && !part.includes('=')))
}

async function deleteAll(table: TableRef, keys: readonly string[]): Promise<void> {
  const waiting = [...keys]
  const work = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) await table.store.delete(key)
  }
  await Promise.all(Array.from({ length: DELETES_AT_ONCE }, work))
}
