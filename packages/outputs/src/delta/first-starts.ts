import { MillraceError } from '@millrace/base'
import type { Snapshot } from '@millrace/delta'
import type { Partition } from '@millrace/transport'
import { auditedCommits } from '../ledger/audit.ts'
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
    for (const topic of topics) refuseOthers(table, group, topic, activeOthers(table.snapshot(), group, topic))
  }
  await refuseCommitted(table, topics, group, allowsAnotherGroup)
  if (allowsAnotherGroup) return undefined
  return (latest) => topics.every((topic) => activeOthers(latest, group, topic).length === 0)
}

function activeOthers(snapshot: Snapshot, group: string, topic: Partition): string[] {
  return [...otherGroups(snapshot, group, topic)].flatMap(([other, { wasRewound }]) => (wasRewound ? [] : [other]))
}

/** Looks through the ledger: it also knows of pipelines whose progress is gone. */
async function refuseCommitted(
  table: ProgressTable,
  topics: readonly Partition[],
  group: string,
  allowsAnotherGroup: boolean,
): Promise<void> {
  const doubtful = new Map(topics.map((topic) => [topicKey(topic), topic]))
  for await (const { version, entries } of auditedCommits(table.ref)) {
    for (const entry of entries) {
      const { topic, identity, group: committer } = entry as unknown as Partition & { readonly group: string }
      const partition = doubtful.get(topicKey({ topic, identity }))
      if (!partition) continue
      if (committer === group) refuseLostProgress(table, group, partition, version)
      else if (!allowsAnotherGroup)
        refuseOthers(table, group, partition, unlessRewound(table, group, partition, committer))
    }
  }
}

/** Refuses unless somebody took this pipeline's progress back on purpose, and the rows with it. */
function refuseLostProgress(table: ProgressTable, group: string, partition: Partition, version: number): void {
  if (table.wasRewound(partition)) return
  throw new MillraceError(
    'PROGRESS_LOST',
    `${table.ref.path}: version ${version} holds records of ${partition.topic} that ${group} has committed, but the progress that went with them is gone`,
  )
}

function unlessRewound(table: ProgressTable, group: string, partition: Partition, other: string): string[] {
  return otherGroups(table.snapshot(), group, partition).get(other)?.wasRewound ? [] : [other]
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
