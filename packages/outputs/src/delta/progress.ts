import { MillraceError } from '@millrace/base'
import type { Snapshot, Txn } from '@millrace/delta'
import { type Partition, type Position, partitionKey } from '@millrace/transport'

/**
 * Progress lives in the table: one `txn` for each part of a position. The application id names the pipeline,
 * the topic with its identity, and the partition, so that a topic made again under its old name is not taken
 * for the one that the table was filled from.
 */
export function progressTxns(group: string, positions: ReadonlyMap<Partition, Position>, now: number): Txn[] {
  return [...positions].flatMap(([partition, position]) =>
    position.map((version, part) => ({ appId: appId(group, partition, part), version, lastUpdated: now })),
  )
}

/**
 * Returns the stored position, or undefined if this pipeline has never stored a start for the partition in this table.
 */
export function storedPosition(snapshot: Snapshot, group: string, partition: Partition): Position | undefined {
  const position: bigint[] = []
  for (;;) {
    const part = snapshot.txns.get(appId(group, partition, position.length))
    if (part === undefined) return position.length === 0 ? undefined : position
    position.push(part)
  }
}

/** Returns all positions that a pipeline has stored in a table. */
export function storedPositions(snapshot: Snapshot, group: string): Map<Partition, Position> {
  const found = new Map<Partition, Position>()
  for (const known of snapshot.txns.keys()) {
    const partition = partitionNamed(known, group)
    const position = partition && storedPosition(snapshot, group, partition)
    if (position) found.set(partition, position)
  }
  return found
}

/** Returns the partition whose position begins in the application; undefined for any other one. */
function partitionNamed(app: string, group: string): Partition | undefined {
  const prefix = `${PREFIX}/${encodeURIComponent(group)}/`
  if (!app.startsWith(prefix) || !app.endsWith('#0')) return undefined
  const [topic = '', identity = '', id = ''] = app.slice(prefix.length, -2).split('/').map(decodeURIComponent)
  return { topic, identity, id }
}

/** What a pipeline has stored in a table, by topic: thousands of partitions ask it of one snapshot. */
export interface StoredTopics {
  /** Whether there is a position for some partition of the same topic. */
  knows(partition: Partition): boolean
  /** Throws where a namesake of the partition has progress, which means that the topic is another one now. */
  refuseNamesake(partition: Partition): void
}

export function storedTopics(snapshot: Snapshot, group: string): StoredTopics {
  const prefix = `${PREFIX}/${encodeURIComponent(group)}/`
  const kept = new Set<string>()
  const identities = new Map<string, Set<string>>()
  for (const known of snapshot.txns.keys()) {
    if (!known.startsWith(prefix)) continue
    const [path = ''] = known.slice(prefix.length).split('#')
    const [topic = '', identity = '', id = ''] = path.split('/').map(decodeURIComponent)
    kept.add(nameOf(topic, identity))
    const name = nameOf(topic, id)
    identities.set(name, (identities.get(name) ?? new Set()).add(identity))
  }
  return {
    knows: ({ topic, identity }) => kept.has(nameOf(topic, identity)),
    refuseNamesake(partition) {
      const { topic, identity, id } = partition
      const other = identities
        .get(nameOf(topic, id))
        ?.values()
        .find((known) => known !== identity)
      if (other === undefined) return
      throw new MillraceError(
        'SOURCE_CHANGED',
        `${partitionKey(partition)} has identity ${identity}, but the table was filled from ${other}`,
      )
    },
  }
}

const nameOf = (topic: string, part: string) => JSON.stringify([topic, part])

/** Returns the other pipelines that have progress in the same topic. */
export function otherGroups(
  snapshot: Snapshot,
  group: string,
  { topic, identity }: Pick<Partition, 'topic' | 'identity'>,
): string[] {
  const others = new Set<string>()
  for (const known of snapshot.txns.keys()) {
    const [prefix, other = '', knownTopic, knownIdentity] = known.split('/').map(decodeURIComponent)
    if (prefix !== PREFIX || other === group || knownTopic !== topic || knownIdentity !== identity) continue
    others.add(other)
  }
  return [...others]
}

const PREFIX = 'millrace'

function appId(group: string, { topic, identity, id }: Partition, part: number): string {
  return `${[PREFIX, group, topic, identity, id].map(encodeURIComponent).join('/')}#${part}`
}
