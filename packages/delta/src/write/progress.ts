import { MillraceError } from '@millrace/base'
import type { Txn } from '../log/actions.ts'
import { tableUrl } from '../log/log.ts'
import type { Snapshot } from '../read/snapshot.ts'

/** What to do with the progress in a table when rows are removed. */
export type ProgressChoice = 'keep' | 'rewind'

/** A txn of this version says that there is none: the protocol has no way to remove one. */
const NO_PROGRESS = -1n

/**
 * The txns by which a commit that takes rows away brings progress to where it belongs. Delta's own commands
 * leave it as it is, and a stream that goes on from there never brings the rows back: so without a choice such
 * a commit is refused. To rewind is to go back to `earlier`, or to the very start.
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
