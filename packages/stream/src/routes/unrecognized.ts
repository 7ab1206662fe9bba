import { MillraceError } from '@millrace/base'
import type { PipelineOutputs } from '@millrace/outputs'
import type { Partition } from '@millrace/transport'
import type { Kinds } from './kinds.ts'

/** The outputs of a data set, and what it takes of topics that it shares. */
export interface Sharer {
  readonly outputs: PipelineOutputs
  readonly kinds: ReadonlyMap<string, Kinds>
}

const TRIES = 5

/**
 * Decides which data set takes the unrecognized records of each shared topic, and returns the kinds of each sharer
 * with that decision. Rule 7: who takes them goes on taking them, in whatever order the data sets are named later.
 * What lies between the positions of two anchors would else be in both quarantines, or in neither. The anchor
 * remembers it as the progress of a partition that no source has.
 */
export async function settleUnrecognized(sharers: readonly Sharer[], group: string): Promise<Map<string, Kinds>[]> {
  const settled = sharers.map(({ kinds }) => new Map(kinds))
  const looking = sharers.filter(({ outputs }) => outputs.take !== 'messages')
  const topics = new Set(looking.flatMap(({ kinds }) => [...kinds.keys()]))
  for (const topic of topics) {
    const among = looking.filter(({ kinds }) => kinds.has(topic))
    const taker = await takerOf(topic, group, among)
    for (const [i, sharer] of sharers.entries()) {
      const kinds = settled[i]?.get(topic)
      if (kinds) settled[i]?.set(topic, { ...kinds, takesUnrecognized: sharer === taker })
    }
  }
  return settled
}

async function takerOf(topic: string, group: string, among: readonly Sharer[]): Promise<Sharer> {
  const mark: Partition = { topic, identity: `unrecognized records of ${group}`, id: 'taker' }
  for (let tries = 0; tries < TRIES; tries++) {
    const begun = await Promise.all(among.map(({ outputs }) => outputs.begin([mark])))
    const marked = among.find((_, i) => begun[i]?.positions.has(mark))
    if (marked) return marked
    const first = among.find(({ kinds }) => kinds.get(topic)?.takesUnrecognized)
    if (!first) break
    await first.outputs.commit(undefined, [{ partition: mark, from: undefined, to: [1n] }])
  }
  throw new MillraceError('TABLE_CONFLICT', `nobody could be made to take the records of no known kind of ${topic}`)
}
