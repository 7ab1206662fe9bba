import type { Sight } from './board.ts'

/** How another worker looks from here, by this machine's own clock. */
export type Health =
  /** It has been seen to beat. */
  | 'alive'
  /** It was there when we came, and has not been seen to beat: it may be dead. */
  | 'unproven'
  /** No change has been seen for as long as a lease lasts. */
  | 'dead'

export interface Watch {
  /** Call with each look at the board. */
  see(sight: Sight, now: number): void
  healthOf(worker: string, now: number): Health
  /** Dead for so long that nobody waits for them. */
  longDead(now: number): string[]
}

const LONG = 10

export function createWatch(expiryMs: number): Watch {
  const seen = new Map<string, { readonly count: number; readonly since: number; readonly proven: boolean }>()
  return {
    see({ beats, claims }, now) {
      const holders = [...claims.values()].map(({ holder }) => holder).filter((holder) => holder !== undefined)
      const there = new Set([...beats.keys(), ...holders])
      for (const worker of there) {
        const count = beats.get(worker)?.count ?? -1
        const before = seen.get(worker)
        if (before?.count !== count) seen.set(worker, { count, since: now, proven: before !== undefined })
      }
      for (const worker of seen.keys()) if (!there.has(worker)) seen.delete(worker)
    },
    healthOf(worker, now) {
      const last = seen.get(worker)
      if (!last || now - last.since > expiryMs) return 'dead'
      return last.proven ? 'alive' : 'unproven'
    },
    longDead: (now) => [...seen].filter(([, { since }]) => now - since > LONG * expiryMs).map(([worker]) => worker),
  }
}
