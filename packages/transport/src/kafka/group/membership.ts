import { MillraceError, type Runtime } from '@millrace/base'
import type { PartitionListener } from '../../source.ts'
import { KAFKA, numberIn } from '../kafka-error.ts'
import { type Assignment, minus, NOTHING } from './assignment.ts'
import { type CommittedOffset, type GroupRequests, type Joined, type Member, NOBODY } from './group-requests.ts'
import type { Partitions } from './partitions.ts'
import type { Subscription } from './subscription.ts'

/** Reading for as long as it is not closed: partitions come and go by the listener's calls. */
export interface Membership {
  /** Settles when the first share of the partitions has been handed over. */
  readonly begun: Promise<void>
  commit(offsets: readonly CommittedOffset[]): Promise<void>
  /** Looks at the subscription again, which has changed. */
  resubscribe(): void
  close(): Promise<void>
}

const HEARTBEAT_MS = 3_000
const RETRY_MS = 200

/** A place in a consumer group, taken anew whenever it is lost. */
export function joinGroup(
  requests: GroupRequests,
  partitions: Partitions,
  wanted: Subscription,
  listener: PartitionListener,
  runtime: Runtime,
): Membership {
  const closing = new AbortController()
  let stop = new AbortController()
  const begun = Promise.withResolvers<void>()
  let member: Member = NOBODY
  let owned: Assignment = NOTHING

  const giveUp = async (revoked: Assignment) => {
    owned = minus(owned, revoked)
    if (revoked.size > 0) await listener.revoked(partitions.named(revoked))
  }
  /** Takes part in one generation of the group: from joining to the next reason to join again. */
  const round = async () => {
    const joined = await requests.join(member, owned)
    member = joined
    stop = new AbortController()
    const beating = beat(joined, AbortSignal.any([stop.signal, closing.signal]))
    // Awaited below; until then a failure must not count as unhandled.
    beating.catch(() => {})
    try {
      const revoked = minus(owned, joined.assignment)
      const added = minus(joined.assignment, owned)
      await giveUp(revoked)
      owned = joined.assignment
      await listener.assigned(await partitions.learn(added))
      begun.resolve()
      // Revoked partitions go to their next owner in the next generation, which this member has to start.
      if (revoked.size === 0 && joined.version === wanted.version) await beating
    } finally {
      stop.abort()
      await beating.catch(() => {})
    }
  }
  /** Keeps the place in the group; settles when there is a reason to join again. */
  const beat = async (joined: Joined, signal: AbortSignal) => {
    while (!signal.aborted) {
      await runtime.sleep(HEARTBEAT_MS, signal).catch(() => {})
      if (signal.aborted) return
      try {
        await requests.heartbeat(joined)
        if (joined.leads && (await partitions.grew())) return
      } catch (error) {
        if (reasonIn(error) !== 'passes') throw error
      }
    }
  }
  const live = async () => {
    while (!closing.signal.aborted) {
      try {
        await round()
      } catch (error) {
        if (closing.signal.aborted) return
        const reason = reasonIn(error)
        if (reason === 'fatal') throw error
        if (reason === 'lost') {
          member = numberIn(error) === KAFKA.UNKNOWN_MEMBER_ID ? NOBODY : { ...member, generation: -1 }
          await giveUp(owned)
        }
        if (reason !== 'rebalance') await runtime.sleep(RETRY_MS, closing.signal).catch(() => {})
      }
    }
  }
  const living = live().catch((error: unknown) => {
    begun.reject(error)
    listener.failed?.(
      error instanceof MillraceError ? error : new MillraceError('INTERNAL', String(error), { cause: error }),
    )
  })
  return {
    begun: begun.promise,
    commit: (offsets) => requests.commit(member, offsets),
    resubscribe: () => stop.abort(),
    async close() {
      closing.abort()
      await requests.leave(member).catch(() => {})
      await requests.close()
      await living
    },
  }
}

/** Returns what a failure means for the membership. */
function reasonIn(error: unknown): 'rebalance' | 'lost' | 'passes' | 'fatal' {
  const number = numberIn(error)
  if (number === KAFKA.REBALANCE_IN_PROGRESS) return 'rebalance'
  if (number === KAFKA.ILLEGAL_GENERATION || number === KAFKA.UNKNOWN_MEMBER_ID) return 'lost'
  return error instanceof MillraceError && error.retry ? 'passes' : 'fatal'
}

/** Assigns every partition to this reader, which has no group; those that come later too. */
export function readAll(partitions: Partitions, listener: PartitionListener, runtime: Runtime): Membership {
  const closing = new AbortController()
  const watch = async () => {
    const seen = new Set<string>()
    const tellNew = async () => {
      const fresh = (await partitions.all()).filter(({ topic, id }) => !seen.has(`${topic}/${id}`))
      for (const { topic, id } of fresh) seen.add(`${topic}/${id}`)
      return fresh
    }
    await listener.assigned(await tellNew())
    return async () => {
      while (!closing.signal.aborted) {
        await runtime.sleep(HEARTBEAT_MS, closing.signal).catch(() => {})
        const fresh = closing.signal.aborted ? [] : await tellNew().catch(() => [])
        if (fresh.length > 0) await listener.assigned(fresh)
      }
    }
  }
  const started = watch()
  const living = started.then((goOn) => goOn()).catch(() => {})
  return {
    begun: started.then(() => {}),
    commit: async () => {},
    // The next look finds what has come.
    resubscribe: () => {},
    async close() {
      closing.abort()
      await living
    },
  }
}
