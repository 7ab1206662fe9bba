import type { LeaseState } from './lease-store.ts'

/** How another worker looks from here, by this machine's own clock. */
export type Health =
  /** A heartbeat has arrived while we watched. */
  | 'alive'
  /** The worker was there when we started, and no heartbeat has arrived since: it may be dead. */
  | 'unproven'
  /** No heartbeat has arrived for the expiry time. */
  | 'dead'

/** Which workers are alive, judged by when their heartbeats change. */
export interface Liveness {
  /** Takes in what was read from the lease store. */
  observe(state: LeaseState, now: number): void
  healthOf(worker: string, now: number): Health
  /** Returns the workers that have been dead so long that their heartbeats can be deleted. */
  longDead(now: number): string[]
}

/** A worker is dead for long after this many expiry times. */
const LONG = 10

export function createLiveness(expiryMs: number): Liveness {
  const seen = new Map<string, { readonly count: number; readonly since: number; readonly proven: boolean }>()
  return {
    observe({ heartbeats, claims }, now) {
      const holders = [...claims.values()].map(({ holder }) => holder).filter((holder) => holder !== undefined)
      const present = new Set([...heartbeats.keys(), ...holders])
      for (const worker of present) {
        const count = heartbeats.get(worker)?.count ?? -1
        const before = seen.get(worker)
        if (before?.count !== count) seen.set(worker, { count, since: now, proven: before !== undefined })
      }
      for (const worker of seen.keys()) if (!present.has(worker)) seen.delete(worker)
    },
    healthOf(worker, now) {
      const last = seen.get(worker)
      if (!last || now - last.since > expiryMs) return 'dead'
      return last.proven ? 'alive' : 'unproven'
    },
    longDead: (now) => [...seen].filter(([, { since }]) => now - since > LONG * expiryMs).map(([worker]) => worker),
  }
}
