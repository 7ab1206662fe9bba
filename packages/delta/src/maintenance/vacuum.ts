import { MillraceError } from '@millrace/base'
import type { ObjectInfo } from '@millrace/store'
import { idOf } from '../log/location.ts'
import { type TableRef, tableUrl } from '../log/log.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { fileRetention } from '../write/retention.ts'
import type { WriteContext } from '../write/rows.ts'
import { refuseUnwritable } from '../write/writable.ts'
import { behindLinks, neededFiles } from './needed.ts'
import { tombstonesSince } from './tombstones.ts'

export interface VacuumOptions {
  /** Only say what would go. */
  readonly dryRun?: boolean
  /** The table's own retention unless said; less than that only with `force`. */
  readonly retentionMs?: number
  /** Delete what readers of older versions and writers under way may still need. */
  readonly force?: boolean
}

export interface VacuumResult {
  readonly keys: readonly string[]
  readonly bytes: number
  readonly deleted: boolean
}

const DELETES_AT_ONCE = 16

/**
 * Deletes files that no version within the retention names and that are older than that: what commits have
 * removed, and what writers left behind that never committed.
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
  const tombstones = await tombstonesSince(snapshot, since, context.connection)
  const needed = await neededFiles(table, snapshot.files.values(), tombstones)
  const candidates: ObjectInfo[] = []
  for await (const info of table.store.list(`${table.path}/`)) {
    const isNeeded = needed.delete(idOf({ key: info.key }))
    if (info.modified >= since || isHidden(info.key.slice(table.path.length + 1)) || isNeeded) continue
    candidates.push(info)
  }
  // What the listing did not show lies elsewhere, or is reached through a link.
  const linked = await behindLinks(table, needed)
  const unneeded = candidates.filter(({ key }) => !linked.has(idOf({ key })))
  const keys = unneeded.map(({ key }) => key)
  const bytes = unneeded.reduce((sum, { size }) => sum + size, 0)
  if (!dryRun) await deleteAll(table, keys)
  return { keys, bytes, deleted: !dryRun }
}

/** The log and other engines' own folders. A partition's folder may begin with an underscore too. */
function isHidden(relative: string): boolean {
  return relative.split('/').some((part) => part.startsWith('.') || (part.startsWith('_') && !part.includes('=')))
}

async function deleteAll(table: TableRef, keys: readonly string[]): Promise<void> {
  const waiting = [...keys]
  const work = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) await table.store.delete(key)
  }
  await Promise.all(Array.from({ length: DELETES_AT_ONCE }, work))
}
