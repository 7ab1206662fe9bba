import type { Actions } from '../log/actions.ts'
import { listLog } from '../log/listing.ts'
import { readCommit, type TableRef } from '../log/log.ts'
import { inOrder } from './in-order.ts'

export interface Commit {
  readonly version: number
  /** Undefined when log cleanup has deleted the entry since it was listed. */
  readonly actions: Actions | undefined
}

const READS_AT_ONCE = 16

/** Returns the versions from this one on whose commits are in the log, in ascending order. */
export async function commitVersions(table: TableRef, from: number): Promise<number[]> {
  const { commits } = await listLog(table, from)
  return [...commits]
}

/** Reads these commits, in the order given. */
export function readCommits(table: TableRef, versions: readonly number[]): AsyncIterable<Commit> {
  return inOrder(versions, READS_AT_ONCE, async (version) => ({ version, actions: await readCommit(table, version) }))
}
