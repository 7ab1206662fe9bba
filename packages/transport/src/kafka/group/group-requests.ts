import type { Runtime } from '@millrace/base'
import type { heartbeatV4, joinGroupV9, offsetCommitV8, syncGroupV5 } from '@platformatic/kafka'
import type { KafkaAddress } from '../address.ts'
import { type Cluster, openCluster, responseIn } from '../cluster.ts'
import { KAFKA, numberIn } from '../kafka-error.ts'
import type { Broker } from '../security.ts'
import {
  type Assignment,
  assign,
  COOPERATIVE,
  decodeAssignment,
  encodeSubscription,
  wantedTopics,
} from './assignment.ts'
import type { Subscription } from './subscription.ts'

/** Our membership in the group: the broker fences requests without it. */
export interface Member {
  readonly memberId: string
  readonly generation: number
}

export interface Joined extends Member {
  readonly assignment: Assignment
  /** The leader looks after new partitions. */
  readonly leads: boolean
  /** Version of the subscription that it joined with. */
  readonly version: number
}

export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

/** The requests of Kafka's classic group protocol, to whichever broker coordinates the group. */
export interface GroupRequests {
  /** Waits for the others; answers what this member has to read. */
  join(member: Member, owned: Assignment): Promise<Joined>
  heartbeat(member: Member): Promise<void>
  commit(member: Member, offsets: readonly CommittedOffset[]): Promise<void>
  leave(member: Member): Promise<void>
  close(): Promise<void>
}

export const NOBODY: Member = { memberId: '', generation: -1 }

/** A member that says nothing for so long is given up by the group. */
const SESSION_MS = 10_000
/** How long the group waits for members to give up partitions and join again. */
const REBALANCE_MS = 60_000
const GROUP_OF = 'consumer'

export interface GroupNames {
  readonly group: string
  readonly wanted: Subscription
  readonly instance: string | null
}

export function groupRequests(
  address: KafkaAddress,
  cluster: Cluster,
  names: GroupNames,
  runtime: Runtime,
): GroupRequests {
  const { group, wanted, instance } = names
  // Joining takes as long as the slowest member: on connections of its own, or heartbeats and commits would wait.
  const patient = openCluster(address, REBALANCE_MS + SESSION_MS, runtime)
  let coordinator: Broker | undefined
  const ask = async <Answer>(on: Cluster, name: string, ...request: unknown[]): Promise<Answer> => {
    try {
      coordinator ??= await cluster.coordinatorOf(group)
      return await on.call<Answer>(coordinator, name, group, ...request)
    } catch (error) {
      coordinator = undefined
      throw error
    }
  }
  type JoinAnswer = joinGroupV9.JoinGroupResponse
  const joinAs = (memberId: string, subscription: Buffer) => {
    const protocols = [{ name: COOPERATIVE, metadata: subscription }]
    return ask<JoinAnswer>(patient, 'JoinGroup', SESSION_MS, REBALANCE_MS, memberId, instance, GROUP_OF, protocols, '')
  }
  return {
    async join({ memberId, generation }, owned) {
      const { topics, version } = wanted
      const subscription = encodeSubscription(topics, owned, generation)
      const joined = await joinAs(memberId, subscription).catch((error: unknown) => {
        const given = responseIn<JoinAnswer>(error)
        if (numberIn(error) !== KAFKA.MEMBER_ID_REQUIRED || !given) throw error
        return joinAs(given.memberId, subscription)
      })
      const leads = joined.leader === joined.memberId
      const shares =
        leads && !joined.skipAssignment
          ? assign(joined.memberId, joined.members, await cluster.presentTopics(wantedTopics(joined.members)))
          : []
      const member = [joined.generationId, joined.memberId, instance] as const
      type SyncAnswer = syncGroupV5.SyncGroupResponse
      const synced = await ask<SyncAnswer>(patient, 'SyncGroup', ...member, GROUP_OF, joined.protocolName, shares)
      return {
        memberId: joined.memberId,
        generation: joined.generationId,
        assignment: decodeAssignment(synced.assignment),
        leads,
        version,
      }
    },
    async heartbeat({ memberId, generation }) {
      await ask<heartbeatV4.HeartbeatResponse>(cluster, 'Heartbeat', generation, memberId, instance)
    },
    async commit({ memberId, generation }, offsets) {
      const byTopic = Map.groupBy(offsets, ({ topic }) => topic)
      const partitions = [...byTopic].map(([name, some]) => ({
        name,
        partitions: some.map(({ partition, offset }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: -1,
        })),
      }))
      type CommitAnswer = offsetCommitV8.OffsetCommitResponse
      await ask<CommitAnswer>(cluster, 'OffsetCommit', generation, memberId, instance, partitions)
    },
    async leave({ memberId }) {
      // A member with a name of its own comes back: its partitions wait for it as long as its session lasts.
      if (instance === null && memberId !== '') await ask(cluster, 'LeaveGroup', [{ memberId }])
    },
    close: () => patient.close(),
  }
}
