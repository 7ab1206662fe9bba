import type { Snapshot } from '../read/snapshot.ts'
import type { CommitResult } from './commit.ts'
import type { ConflictReason } from './conflicts.ts'

/** How often a change is made anew because another writer was faster. */
const TRIES = 20

/** Conflicts about rows and files alone. They are over when the change is made for the newest state. */
const ABOUT_ROWS: readonly ConflictReason[] = ['added', 'removed']

/** All conflicts that are over then, where the change fits any schema that the table may have come to have. */
export const PASSING_CONFLICTS: readonly ConflictReason[] = [
  ...ABOUT_ROWS,
  'metadata',
  'protocol',
  'stale',
  'contended',
]

/**
 * Makes a change for a snapshot of the table, which commits it, and makes it anew for the newest one where that meets a
 * conflict that passes. Returns the last attempt. An attempt without a result found nothing to commit.
 */
export async function commitAnew<A extends { readonly result?: CommitResult | undefined }>(
  base: Snapshot,
  attempt: (snapshot: Snapshot) => Promise<A>,
  passing = ABOUT_ROWS,
): Promise<A> {
  let snapshot = base
  for (let tries = 1; ; tries++) {
    const made = await attempt(snapshot)
    const { result } = made
    if (result?.outcome !== 'conflict' || !passing.includes(result.reason) || tries === TRIES) return made
    snapshot = result.snapshot
  }
}
