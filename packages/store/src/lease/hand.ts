export interface LeaseListener {
  /** Ours now. Called first, and after each loss, when it is clear who lives: maybe with nothing. */
  gained(names: readonly string[]): Promise<void>
  /** Others may take them when this settles, or have taken them already. */
  lost(names: readonly string[]): Promise<void>
}

/** The leases that a worker holds, and what its owner has been told of them. */
export interface Hand {
  names(): string[]
  epochOf(name: string): number | undefined
  readonly finished: ReadonlySet<string>
  hold(name: string, epoch: number): void
  /** Settles when the owner has let go of what it was told to be its own. */
  letGo(names: readonly string[]): Promise<void>
  /** Tells the owner what it does not know yet; at first and after a loss only when all is settled, then also if it is nothing. */
  show(settled: boolean): void
  /** Settles when the owner has been told all. */
  told(): Promise<void>
  /** Answers whether that is news. */
  finish(name: string, finished: boolean): boolean
}

export function createHand(listener: LeaseListener): Hand {
  const held = new Map<string, number>()
  const finished = new Set<string>()
  const shown = new Set<string>()
  let isShown = false
  let telling: Promise<void> = Promise.resolve()
  const tell = (call: () => Promise<void>): Promise<void> => {
    telling = telling.then(call).catch(() => {})
    return telling
  }
  return {
    names: () => [...held.keys()],
    epochOf: (name) => held.get(name),
    finished,
    hold: (name, epoch) => void held.set(name, epoch),
    letGo(names) {
      const known = names.filter((name) => shown.delete(name))
      for (const name of names) {
        held.delete(name)
        finished.delete(name)
      }
      if (known.length === 0) return Promise.resolve()
      isShown = false
      return tell(() => listener.lost(known))
    },
    show(settled) {
      if (!isShown && !settled) return
      const fresh = [...held.keys()].filter((name) => !shown.has(name))
      if (isShown && fresh.length === 0) return
      isShown = true
      for (const name of fresh) shown.add(name)
      void tell(() => listener.gained(fresh))
    },
    told: () => telling,
    finish(name, isFinished) {
      if (!held.has(name) || finished.has(name) === isFinished) return false
      if (isFinished) finished.add(name)
      else finished.delete(name)
      return true
    },
  }
}
