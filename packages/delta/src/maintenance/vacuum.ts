import { MillraceError } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import { placeOf, type TableRef, tableUrl } from '../log/log.ts'
import { vectorKey } from '../read/deletion-vector.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { fileRetention } from '../write/retention.ts'
import type { Workshop } from '../write/rows.ts'
import { refuseUnwritable } from '../write/writable.ts'
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
  workshop: Workshop,
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
        next: 'Readers and writers may still need younger files. Change delta.deletedFileRetentionDuration, or use --force.',
      },
    )
  }
  const since = workshop.runtime.now() - retention
  const tombstones = await tombstonesSince(snapshot, since, workshop.connection)
  const needed = new Set([...snapshot.files.values(), ...tombstones].flatMap((file) => objectsOf(table, file)))
  const keys: string[] = []
  let bytes = 0
  for await (const { key, size, modified } of table.store.list(`${table.path}/`)) {
    if (modified >= since || isHidden(key.slice(table.path.length + 1)) || needed.has(key)) continue
    keys.push(key)
    bytes += size
  }
  if (!dryRun) await deleteAll(table, keys)
  return { keys, bytes, deleted: !dryRun }
}

/** The objects of a file and its deletion vector; those outside of the lake are none of ours. */
function objectsOf(table: TableRef, { path, deletionVector }: Pick<AddFile, 'path' | 'deletionVector'>): string[] {
  const place = placeOf(table, path)
  const vector = deletionVector && deletionVector.storageType !== 'i' ? vectorKey(table, deletionVector) : undefined
  return ['key' in place ? place.key : undefined, vector].filter((key) => key !== undefined)
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
