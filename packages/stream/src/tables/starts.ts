import { MillraceError, type Runtime } from '@millrace/base'
import { type Partition, partitionKey, type Source, type StartPosition } from '@millrace/transport'
import { auditedCommits } from '../ledger/audit.ts'
import type { ProgressTable } from './progress-table.ts'

export interface StartParts {
  readonly anchor: ProgressTable
  readonly group: string
  readonly source: Source
  /** For a topic that this pipeline has never read. */
  readonly start: StartPosition
  readonly runtime: Runtime
}

const TRIES = 20

/**
 * Makes durable where each partition begins, before anything is read: no progress does not mean new. Who meets a
 * topic first fixes all of its partitions in one commit, also those that other workers read; a partition that is
 * not among them came later, and begins at its beginning. Answers the topics that were known before.
 */
export async function fixStarts(partitions: readonly Partition[], parts: StartParts): Promise<string[]> {
  const resumed: string[] = []
  for (const [topic, assigned] of Map.groupBy(partitions, (partition) => partition.topic)) {
    if (isKnown(assigned, parts)) resumed.push(topic)
    for (let tries = 1; assigned.some((partition) => !parts.anchor.position(partition)); tries++) {
      if (tries > TRIES) {
        throw new MillraceError('TABLE_CONFLICT', `${parts.anchor.ref.path}: others keep fixing where ${topic} begins`)
      }
      await fixTopic(topic, assigned, parts)
    }
  }
  return resumed
}

/** One commit, unless others have fixed any of these meanwhile: then the table says what is left to do. */
async function fixTopic(topic: string, assigned: readonly Partition[], parts: StartParts): Promise<void> {
  const { anchor, source, start, runtime } = parts
  const known = isKnown(assigned, parts)
  if (!known) await refuseLostProgress(assigned, parts)
  const among = known ? assigned : union(assigned, await source.partitions(topic))
  const missing = among.filter((partition) => !anchor.position(partition))
  const resolved = missing.map((partition) => source.resolve(partition, known ? 'earliest' : start))
  const positions = await Promise.all(resolved)
  runtime.crashPoint('start resolved')
  const advances = missing.map((partition, i) => ({ partition, from: undefined, to: positions[i] ?? [] }))
  await anchor.commit({ files: [], advances })
}

function isKnown([first]: readonly Partition[], { anchor }: StartParts): boolean {
  return first !== undefined && anchor.knows(first)
}

function union(assigned: readonly Partition[], all: readonly Partition[]): Partition[] {
  const byKey = new Map([...all, ...assigned].map((partition) => [partitionKey(partition), partition]))
  return [...byKey.values()]
}

/** Commits of ours without our progress: to begin again would double what they hold. */
async function refuseLostProgress([first]: readonly Partition[], { anchor, group }: StartParts): Promise<void> {
  if (!first || anchor.wasRewound(first)) return
  for await (const { version, entries } of auditedCommits(anchor.ref)) {
    const ours = entries.find(
      (entry) => entry.group === group && entry.topic === first.topic && entry.identity === first.identity,
    )
    if (!ours) continue
    throw new MillraceError(
      'PROGRESS_LOST',
      `${anchor.ref.path}: version ${version} holds records of ${first.topic} that ${group} has committed, but the progress that went with them is gone`,
    )
  }
}
