import { MillraceError, type Runtime } from '@millrace/base'
import { commit } from '@millrace/delta'
import type { ProgressTable } from '../tables/progress-table.ts'
import type { Kinds } from './kinds.ts'

/** A data set's table, and what it takes of topics that it shares. */
export interface Sharer {
  readonly anchor: ProgressTable
  readonly kinds: Map<string, Kinds>
}

const TRIES = 5

/**
 * Rule 7: who takes the strays of a topic goes on taking them, in whatever order the data sets are named later: what
 * lies between the positions of two tables would else be in both quarantines, or in neither. A mark in the table says
 * who it is.
 */
export async function settleStrays(sharers: readonly Sharer[], group: string, runtime: Runtime): Promise<void> {
  const topics = new Set(sharers.flatMap(({ kinds }) => [...kinds.keys()]))
  for (const topic of topics) {
    const among = sharers.filter(({ kinds }) => kinds.has(topic))
    const taker = await takerOf(topic, among, group, runtime)
    for (const sharer of among) {
      const kinds = sharer.kinds.get(topic)
      if (kinds) sharer.kinds.set(topic, { ...kinds, takesStrays: sharer === taker })
    }
  }
}

async function takerOf(topic: string, among: readonly Sharer[], group: string, runtime: Runtime): Promise<Sharer> {
  const appId = ['millrace-strays', group, topic].map(encodeURIComponent).join('/')
  for (let tries = 0; tries < TRIES; tries++) {
    const marked = among.find(({ anchor }) => (anchor.snapshot().txns.get(appId) ?? -1n) >= 0n)
    if (marked) return marked
    const first = among.find(({ kinds }) => kinds.get(topic)?.takesStrays)
    if (!first) break
    const txn = [{ appId, version: 1n, lastUpdated: runtime.now() }]
    await commit(first.anchor.snapshot(), { operation: 'STREAMING UPDATE', txn }, runtime)
    await Promise.all(among.map(({ anchor }) => anchor.reload()))
  }
  throw new MillraceError('TABLE_CONFLICT', `nobody could be made to take the records of no known kind of ${topic}`)
}
