import { MillraceError } from '@millrace/base'
import type { Metadata } from '../log/actions.ts'
import { type StructType, schemaOf } from '../log/schema.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { holds } from './conflicts.ts'
import { evolvedMetadata } from './evolve.ts'

/** Returns the table as it will be once it has these columns too: what files with rows of them are staged for. */
export function withColumns(snapshot: Snapshot, schema: StructType): Snapshot {
  const metadata = evolvedMetadata(snapshot, { schema })
  return metadata ? { ...snapshot, metadata } : snapshot
}

/**
 * Returns the metadata that a commit of files staged for `staged` must bring along: none where the table has all their
 * columns by now. A conflict: another writer gave one of them another type meanwhile, so the files are none of the table's.
 */
export function columnsToAdd(snapshot: Snapshot, staged: Metadata): { readonly metadata?: Metadata } | 'conflict' {
  if (staged === snapshot.metadata) return {}
  try {
    const metadata = evolvedMetadata(snapshot, { schema: schemaOf(staged) })
    const fits = holds(schemaOf(metadata ?? snapshot.metadata), schemaOf(staged))
    return fits ? { ...(metadata && { metadata }) } : 'conflict'
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'TABLE_SCHEMA') return 'conflict'
    throw error
  }
}
