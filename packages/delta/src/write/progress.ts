import { MillraceError } from '@millrace/base'
import type { Txn } from '../log/actions.ts'
import { tableUrl } from '../log/log.ts'
import type { Snapshot } from '../read/snapshot.ts'

/** What to do with the progress in a table when rows are removed. */
export type ProgressChoice = 'keep' | 'rewind'

/** A txn with this version counts as none: the protocol has no way to remove one. */
const NO_PROGRESS = -1n

/**
 * Returns the txns with which a commit that removes rows sets the progress in the table. Delta's own commands leave it
 * unchanged, and a stream that continues from there never brings the rows back: so such a commit is refused unless a
 * choice is given. `rewind` goes back to the progress of `earlier`, or to the very start.
 */
export function progressAfterRemoval(
  snapshot: Snapshot,
  choice: ProgressChoice | undefined,
  now: number,
  earlier?: Snapshot,
): Txn[] {
  if (snapshot.txns.size === 0 || choice === 'keep') return []
  if (choice === undefined) {
    const [example] = snapshot.txns.keys()
    throw new MillraceError(
      'USAGE',
      `${tableUrl(snapshot.table)} carries the progress of its writers (${example} and so on, ${snapshot.txns.size} in all)`,
      { next: 'Choose: keep that progress, or rewind it with the rows.' },
    )
  }
  return [...snapshot.txns.keys()]
    .map((appId) => ({ appId, version: earlier?.txns.get(appId) ?? NO_PROGRESS, lastUpdated: now }))
    .filter(({ appId, version }) => snapshot.txns.get(appId) !== version)
}
