import type { Runtime } from '@millrace/base'
import type { ObjectStore } from '../store.ts'
import { openBoard, type Sight } from './board.ts'
import { createHand, type LeaseListener } from './hand.ts'
import { startHeart } from './heart.ts'
import { type Other, planLeases, scopeOf } from './plan.ts'
import { createWatch, type Watch } from './watch.ts'

/**
 * Work shared out among the workers that use the same prefix of a store: evenly, taken over from the dead, handed
 * back on a clean stop. A lease is a matter of economy: two workers can believe for a while that they have the
 * same one, and what must not happen then has to be prevented elsewhere.
 */
export interface Leases {
  /** What there is to share from now on (of a scope all, or nothing: see `scopeOf`); settles after one look at what the others have. */
  share(names: readonly string[]): Promise<void>
  /** Says of a lease of ours that it needs no more work and weighs nothing; or that it does again. */
  finish(name: string, finished: boolean): void
  /** Whether its holder says so. */
  finished(name: string): boolean
  /** Hands back all of them. */
  close(): Promise<void>
}

export interface LeaseOptions {
  readonly listener: LeaseListener
  /** A worker that is not seen to live for so long is dead for the others. */
  readonly expiryMs?: number
}

const EXPIRY_MS = 15_000
const LOOKS = 5

export function openLeases(
  store: ObjectStore,
  prefix: string,
  { listener, expiryMs = EXPIRY_MS }: LeaseOptions,
  runtime: Runtime,
): Leases {
  const board = openBoard(store, prefix)
  const watch = createWatch(expiryMs)
  const hand = createHand(listener)
  const closing = new AbortController()
  let wanted: readonly string[] = []
  let finishedElsewhere: ReadonlySet<string> = new Set()
  /** Names that this worker has had. What they held is free: it has let go of it. */
  const former = new Set<string>()
  const heart = startHeart({
    board,
    expiryMs,
    runtime,
    says: () => ({ scopes: [...new Set(wanted.map(scopeOf))], finished: [...hand.finished] }),
    failed(worker) {
      former.add(worker)
      void hand.letGo(hand.names())
    },
  })
  const look = async () => {
    const me = heart.worker
    const sight = await board.look()
    const now = runtime.monotonic()
    watch.see(sight, now)
    const lives = (worker: string) => worker !== me && !former.has(worker) && watch.healthOf(worker, now) !== 'dead'
    finishedElsewhere = finishedBy(sight, lives)
    await Promise.all(watch.longDead(now).map((worker) => board.removeWorker(worker)))
    return { me, claims: sight.claims, others: othersIn(sight, lives, watch, now) }
  }
  const step = async () => {
    // What others can't see anybody hold they would take.
    if (!heart.isKnown) return
    const { me, claims, others } = await look()
    const isOurs = (name: string) => claims.get(name)?.holder === me && claims.get(name)?.epoch === hand.epochOf(name)
    await hand.letGo(hand.names().filter((name) => !isOurs(name)))
    const useless = hand.names().filter((name) => !wanted.includes(name))
    await hand.letGo(useless)
    await Promise.all(useless.map((name) => board.remove(name)))

    const holders = new Map([...claims].flatMap(([name, { holder }]) => (holder ? [[name, holder] as const] : [])))
    const finished = hand.finished.union(finishedElsewhere)
    const { take, giveBack, settled } = planLeases({ me, wanted, holders, others, finished })
    const epochs = giveBack.map((name) => [name, hand.epochOf(name) ?? 0] as const)
    await hand.letGo(giveBack)
    await Promise.all(epochs.map(([name, epoch]) => board.release(name, epoch)))
    await Promise.all(
      take.map(async (name) => {
        const epoch = (claims.get(name)?.epoch ?? -1) + 1
        if ((await board.claim(name, epoch, me)) && me === heart.worker) hand.hold(name, epoch)
      }),
    )
    // Somebody was faster, or our name is another one by now: the next look tells what that means.
    hand.show(settled && me === heart.worker && take.every((name) => hand.epochOf(name) !== undefined))
    await hand.told()
  }
  const inTurn = createTurns()
  const keepLooking = async () => {
    while (!closing.signal.aborted) {
      await runtime.sleep(expiryMs / LOOKS, closing.signal).catch(() => {})
      // A store that is out of reach for long ends our leases by the heart; else the next look makes it good.
      if (!closing.signal.aborted) await inTurn(step).catch(() => {})
    }
  }
  const looking = keepLooking()
  return {
    async share(names) {
      wanted = names
      await heart.beatNow()
      await inTurn(step)
    },
    finish(name, finished) {
      if (hand.finish(name, finished)) heart.beatNow().catch(() => {})
    },
    finished: (name) => hand.finished.has(name) || finishedElsewhere.has(name),
    async close() {
      closing.abort()
      await looking
      await heart.stop()
      await Promise.all(hand.names().map((name) => board.release(name, hand.epochOf(name) ?? 0)))
      await board.removeWorker(heart.worker)
    },
  }
}

function finishedBy({ beats, claims }: Sight, counts: (worker: string) => boolean): Set<string> {
  const says = (worker: string) =>
    (beats.get(worker)?.finished ?? []).filter((name) => claims.get(name)?.holder === worker)
  return new Set([...beats.keys()].filter(counts).flatMap(says))
}

function othersIn({ beats }: Sight, lives: (worker: string) => boolean, watch: Watch, now: number): Other[] {
  return [...beats].flatMap(([id, { scopes }]) =>
    lives(id) ? [{ id, scopes: new Set(scopes), proven: watch.healthOf(id, now) === 'alive' }] : [],
  )
}

/** One after the other, whatever becomes of each. */
function createTurns() {
  let last: Promise<unknown> = Promise.resolve()
  return (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}
