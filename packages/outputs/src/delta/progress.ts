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
    // A negative version means that a user rewound the table, rows and progress alike.
    if (part === undefined || part < 0n) return position.length === 0 ? undefined : position
    position.push(part)
  }
}

/** Returns the stored versions of all partitions of the topic. */
export function topicVersions(snapshot: Snapshot, group: string, { topic, identity }: Partition): bigint[] {
  const prefix = `${[PREFIX, group, topic, identity].map(encodeURIComponent).join('/')}/`
  return [...snapshot.txns.entries()].flatMap(([appId, version]) => (appId.startsWith(prefix) ? [version] : []))
}

/** Returns the other pipelines that have read the same topic into this table, and whether they were rewound in it. */
export function otherGroups(
  snapshot: Snapshot,
  group: string,
  { topic, identity }: Pick<Partition, 'topic' | 'identity'>,
): Map<string, { readonly wasRewound: boolean }> {
  const others = new Map<string, { wasRewound: boolean }>()
  for (const [known, version] of snapshot.txns.entries()) {
    const [prefix, other = '', knownTopic, knownIdentity] = known.split('/').map(decodeURIComponent)
    if (prefix !== PREFIX || other === group || knownTopic !== topic || knownIdentity !== identity) continue
    others.set(other, { wasRewound: version < 0n && (others.get(other)?.wasRewound ?? true) })
  }
  return others
}

/** Refuses a partition whose stored progress has another identity: the topic was created anew. */
export function refuseNamesake(snapshot: Snapshot, group: string, partition: Partition): void {
  const { topic, identity, id } = partition
  for (const known of snapshot.txns.keys()) {
    const [path = ''] = known.split('#')
    const [prefix, knownGroup, knownTopic, knownIdentity, knownId] = path.split('/').map(decodeURIComponent)
    const same = prefix === PREFIX && knownGroup === group && knownTopic === topic && knownId === id
    if (same && knownIdentity !== identity) {
      throw new MillraceError(
        'SOURCE_CHANGED',
        `${partitionKey(partition)} has identity ${identity}, but the table was filled from ${knownIdentity}`,
      )
    }
  }
}

const PREFIX = 'millrace'

function appId(group: string, { topic, identity, id }: Partition, part: number): string {
  return `${[PREFIX, group, topic, identity, id].map(encodeURIComponent).join('/')}#${part}`
}
