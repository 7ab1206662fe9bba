import type { LeaseListener, Leases } from '@millrace/store'

export type OpenLeases = (listener: LeaseListener) => Leases

/** Returns leases for a reader without a group: all are its own. */
export function soleOwnerLeases({ gained, lost }: LeaseListener): Leases {
  const ours = new Set<string>()
  const isFinished = new Set<string>()
  return {
    async share(names) {
      const [fresh, gone] = [new Set(names).difference(ours), ours.difference(new Set(names))]
      for (const name of fresh) ours.add(name)
      for (const name of gone) ours.delete(name)
      if (gone.size > 0) await lost([...gone])
      if (fresh.size > 0) await gained([...fresh])
    },
    finish(name, finished) {
      if (finished) isFinished.add(name)
      else isFinished.delete(name)
    },
    finished: (name) => isFinished.has(name),
    close: async () => {},
  }
}
