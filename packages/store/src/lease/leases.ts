import type { Runtime } from '@millrace/base'
import type { ObjectStore } from '../store.ts'
import { startHeartbeats } from './heartbeat.ts'
import { createHeldLeases, type LeaseListener } from './held-leases.ts'
import { type LeaseState, openLeaseStore } from './lease-store.ts'
import { createLiveness, type Liveness } from './liveness.ts'
import { type OtherWorker, planLeases, scopeOf } from './plan.ts'

/**
 * Divides work evenly among the workers that use the same prefix of a store. The leases of a dead worker are taken
 * over, and a clean stop releases them. A lease only saves work: two workers can believe for a while that they hold
 * the same one, and what must not happen then has to be prevented elsewhere.
 */
export interface Leases {
  /**
   * Sets the leases to divide, all of a scope or none (see `scopeOf`); settles when the others' claims have been read
   * once.
   */
  share(names: readonly string[]): Promise<void>
  /** Marks a lease of ours as finished, so that it no longer counts in our share; or as unfinished again. */
  finish(name: string, finished: boolean): void
  /** Whether the lease's holder has marked it as finished. */
  finished(name: string): boolean
  /** Releases all leases. */
  close(): Promise<void>
}

export interface LeaseOptions {
  readonly listener: LeaseListener
  /** After this time without a heartbeat the others take a worker for dead. */
  readonly expiryMs?: number
}

const EXPIRY_MS = 15_000
const READS_PER_EXPIRY = 5

export function openLeases(
  store: ObjectStore,
  prefix: string,
  { listener, expiryMs = EXPIRY_MS }: LeaseOptions,
  runtime: Runtime,
): Leases {
  const [leaseStore, liveness] = [openLeaseStore(store, prefix), createLiveness(expiryMs)]
  const held = createHeldLeases(listener)
  const closing = new AbortController()
  let wanted: readonly string[] = []
  let finishedElsewhere: ReadonlySet<string> = new Set()
  /** Our earlier worker ids; their leases may be taken. */
  const formerIds = new Set<string>()
  const heartbeats = startHeartbeats({
    leaseStore,
    expiryMs,
    runtime,
    content: () => ({ scopes: [...new Set(wanted.map(scopeOf))], finished: [...held.finished] }),
    failed(workerId) {
      formerIds.add(workerId)
      void held.drop(held.names())
    },
  })
  const readState = async () => {
    const me = heartbeats.workerId
    const state = await leaseStore.read()
    const now = runtime.monotonic()
    liveness.observe(state, now)
    const isAlive = (id: string) => id !== me && !formerIds.has(id) && liveness.healthOf(id, now) !== 'dead'
    finishedElsewhere = finishedBy(state, isAlive)
    await Promise.all(liveness.longDead(now).map((worker) => leaseStore.removeWorker(worker)))
    return { me, claims: state.claims, others: othersIn(state, isAlive, liveness, now) }
  }
  const rebalance = async () => {
    // Others would take the leases of a worker whose heartbeat they cannot see.
    if (!heartbeats.isVisible) return
    const { me, claims, others } = await readState()
    const isOurs = (name: string) => claims.get(name)?.holder === me && claims.get(name)?.epoch === held.epochOf(name)
    await held.drop(held.names().filter((name) => !isOurs(name)))
    const unwanted = held.names().filter((name) => !wanted.includes(name))
    await held.drop(unwanted)
    await Promise.all(unwanted.map((name) => leaseStore.remove(name)))

    const holders = new Map([...claims].flatMap(([name, { holder }]) => (holder ? [[name, holder] as const] : [])))
    const finished = held.finished.union(finishedElsewhere)
    const { take, release, settled } = planLeases({ me, wanted, holders, others, finished })
    const epochs = release.map((name) => [name, held.epochOf(name) ?? 0] as const)
    await held.drop(release)
    await Promise.all(epochs.map(([name, epoch]) => leaseStore.release(name, epoch)))
    await Promise.all(
      take.map(async (name) => {
        const epoch = (claims.get(name)?.epoch ?? -1) + 1
        if ((await leaseStore.claim(name, epoch, me)) && me === heartbeats.workerId) held.add(name, epoch)
      }),
    )
    // Where another worker was faster, or our id has changed, the next round decides.
    const gotAll = take.every((name) => held.epochOf(name) !== undefined)
    held.announce(settled && gotAll && me === heartbeats.workerId)
    await held.announced()
  }
  const inTurn = createTurns()
  const keepRebalancing = async () => {
    while (!closing.signal.aborted) {
      await runtime.sleep(expiryMs / READS_PER_EXPIRY, closing.signal).catch(() => {})
      // Errors are left to the next round; when the store is away for long, the missing heartbeats end our leases.
      if (!closing.signal.aborted) await inTurn(rebalance).catch(() => {})
    }
  }
  const rebalancing = keepRebalancing()
  return {
    async share(names) {
      wanted = names
      await heartbeats.sendNow()
      await inTurn(rebalance)
    },
    finish(name, finished) {
      if (held.setFinished(name, finished)) heartbeats.sendNow().catch(() => {})
    },
    finished: (name) => held.finished.has(name) || finishedElsewhere.has(name),
    async close() {
      closing.abort()
      await rebalancing
      await heartbeats.stop()
      await Promise.all(held.names().map((name) => leaseStore.release(name, held.epochOf(name) ?? 0)))
      await leaseStore.removeWorker(heartbeats.workerId)
    },
  }
}

/** Returns the leases that workers report as finished and still hold. */
function finishedBy({ heartbeats, claims }: LeaseState, counts: (worker: string) => boolean): Set<string> {
  const reportedBy = (worker: string) =>
    (heartbeats.get(worker)?.finished ?? []).filter((name) => claims.get(name)?.holder === worker)
  return new Set([...heartbeats.keys()].filter(counts).flatMap(reportedBy))
}

function othersIn(
  { heartbeats }: LeaseState,
  isAlive: (worker: string) => boolean,
  liveness: Liveness,
  now: number,
): OtherWorker[] {
  return [...heartbeats].flatMap(([id, { scopes }]) =>
    isAlive(id) ? [{ id, scopes: new Set(scopes), proven: liveness.healthOf(id, now) === 'alive' }] : [],
  )
}

/** Runs work one after the other, whether or not the one before failed. */
function createTurns() {
  let last: Promise<unknown> = Promise.resolve()
  return (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}
