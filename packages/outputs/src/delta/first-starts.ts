import { MillraceError } from '@millrace/base'
import type { Snapshot } from '@millrace/delta'
import type { Partition } from '@millrace/transport'
import { auditedCommits } from '../ledger/audit.ts'
import { comparePositions } from '../ledger/positions.ts'
import type { OutputContext, StoredAdvance } from '../output.ts'
import { otherGroups } from './progress.ts'
import type { ProgressTable } from './progress-table.ts'

/**
 * Refuses to store a first position in a topic whose records the table holds already: those of this pipeline whose
 * progress is gone, or those of another one, unless that is wanted. To begin again would double them. Returns what
 * the commit asks of the newest state, for another pipeline may begin at the same moment.
 */
export async function firstStarts(
  table: ProgressTable,
  advances: readonly StoredAdvance[],
  { group, allowsAnotherGroup = false }: OutputContext,
): Promise<((latest: Snapshot) => boolean) | undefined> {
  const unknown = advances.filter(({ partition, from }) => !from && !table.knows(partition))
  const topics = [...new Map(unknown.map(({ partition }) => [topicKey(partition), partition])).values()]
  if (topics.length === 0) return undefined
  if (!allowsAnotherGroup) {
    for (const topic of topics) refuseOthers(table, group, topic, otherGroups(table.snapshot(), group, topic))
  }
  await refuseCommitted(table, topics, group, allowsAnotherGroup)
  if (allowsAnotherGroup) return undefined
  return (latest) => topics.every((topic) => otherGroups(latest, group, topic).length === 0)
}

/** Where in a partition a group has begun, and the first version that holds records of it. */
interface Held {
  readonly from: readonly string[]
  readonly version: number
  readonly topic: Partition
  readonly committer: string
}

/** Looks through the ledger: it also knows of pipelines whose progress is gone. */
async function refuseCommitted(
  table: ProgressTable,
  topics: readonly Partition[],
  group: string,
  allowsAnotherGroup: boolean,
): Promise<void> {
  const doubtful = new Map(topics.map((topic) => [topicKey(topic), topic]))
  const held = new Map<string, Held>()
  for await (const { version, entries } of auditedCommits(table.ref)) {
    for (const { from, to, ...names } of entries) {
      const { topic, identity, partition, group: committer } = names as unknown as Committed
      const suspect = doubtful.get(topicKey({ topic, identity }))
      const comesTo = comparePositions(to, from)
      if (!suspect || comesTo === 0) continue
      const key = JSON.stringify([committer, topic, identity, partition])
      const before = held.get(key)
      if (comesTo > 0) held.set(key, before ?? { from, version, topic: suspect, committer })
      // A restore has taken everything back, the progress on purpose with the rows.
      else if (before && comparePositions(to, before.from) <= 0) held.delete(key)
    }
  }
  for (const { topic, version, committer } of held.values()) {
    if (committer === group) refuseLostProgress(table, group, topic, version)
    if (!allowsAnotherGroup) refuseOthers(table, group, topic, [committer])
  }
}

interface Committed {
  readonly topic: string
  readonly identity: string
  readonly partition: string
  readonly group: string
}

function refuseLostProgress({ ref }: ProgressTable, group: string, { topic }: Partition, version: number): never {
  throw new MillraceError(
    'PROGRESS_LOST',
    `${ref.path}: version ${version} holds records of ${topic} that ${group} has committed, but the progress that went with them is gone`,
  )
}

function refuseOthers({ ref }: ProgressTable, group: string, { topic }: Partition, others: readonly string[]): void {
  if (others.length === 0) return
  throw new MillraceError(
    'ANOTHER_GROUP',
    `${ref.path}: ${others.join(' and ')} ${others.length === 1 ? 'puts' : 'put'} the records of ${topic} into this table already; ${group} would put them there a second time`,
  )
}

function topicKey({ topic, identity }: Pick<Partition, 'topic' | 'identity'>): string {
  return JSON.stringify([topic, identity])
}
