import {
  type ClusterMetadata,
  cooperativeStickyAssigner,
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  type ExtendedGroupProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  type GroupAssignment,
} from '@platformatic/kafka'
import type { Topic } from '../cluster.ts'

/** The partitions of each topic that a member has. */
export type Assignment = ReadonlyMap<string, ReadonlySet<number>>

export const NOTHING: Assignment = new Map()

/** The only assignment strategy that we offer: members go on reading the partitions that they keep while others move. */
export const COOPERATIVE = 'cooperative-sticky'
const FORMAT = 3

export function minus(left: Assignment, right: Assignment): Assignment {
  const rest = [...left].map(([topic, partitions]) => {
    const others = right.get(topic)
    return [topic, others ? partitions.difference(others) : partitions] as const
  })
  return new Map(rest.filter(([, partitions]) => partitions.size > 0))
}

/** Encodes the metadata with which a member joins: its topics and the partitions that it owns. */
export function encodeSubscription(topics: readonly string[], owned: Assignment, generation: number): Buffer {
  return encodeConsumerProtocolSubscription({
    version: FORMAT,
    topics: [...topics],
    ownedPartitions: toLibrary(owned),
    generationId: generation,
  })
}

export function decodeAssignment(bytes: Buffer): Assignment {
  if (bytes.length === 0) return NOTHING
  const { assignedPartitions } = decodeConsumerProtocolAssignment(bytes)
  return new Map(assignedPartitions.map(({ topic, partitions }) => [topic, new Set(partitions)]))
}

export interface MemberSubscription {
  readonly memberId: string
  readonly metadata: Buffer
}

export interface MemberAssignment {
  readonly memberId: string
  readonly assignment: Buffer
}

/** Every topic that some member wants. */
export function wantedTopics(members: readonly MemberSubscription[]): string[] {
  return [...new Set(members.flatMap(({ metadata }) => decodeConsumerProtocolSubscription(metadata).topics))]
}

/** Shares the partitions out: as the group's leader, for all members. */
export function assign(
  leader: string,
  members: readonly MemberSubscription[],
  topics: readonly Topic[],
): MemberAssignment[] {
  const subscriptions = new Map<string, ExtendedGroupProtocolSubscription>(
    members.map(({ memberId, metadata }) => [memberId, { ...decodeConsumerProtocolSubscription(metadata), memberId }]),
  )
  const counts = new Map(topics.map(({ name, partitions }) => [name, { partitionsCount: partitions.length }]))
  // The library's way of sharing looks at nothing but the numbers of partitions.
  const metadata = { topics: counts } as unknown as ClusterMetadata
  return cooperativeStickyAssigner(leader, subscriptions, new Set(counts.keys()), metadata).map(
    ({ memberId, assignments }) => ({
      memberId,
      assignment: encodeConsumerProtocolAssignment({
        version: FORMAT,
        assignedPartitions: [...assignments.values()],
      }),
    }),
  )
}

function toLibrary(assignment: Assignment): GroupAssignment[] {
  return [...assignment].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
}
