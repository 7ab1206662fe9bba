export interface LeaseListener {
  /**
   * These leases are ours now. Called at the start and after each loss, once it is known which workers are alive; also
   * without any lease.
   */
  gained(names: readonly string[]): Promise<void>
  /** Others may take these leases when the promise settles, or have taken them already. */
  lost(names: readonly string[]): Promise<void>
}

/** The leases that this worker holds, and the ones that were reported to its listener. */
export interface HeldLeases {
  names(): string[]
  epochOf(name: string): number | undefined
  readonly finished: ReadonlySet<string>
  add(name: string, epoch: number): void
  /** Forgets leases. Settles when the listener has stopped using those that it knew. */
  drop(names: readonly string[]): Promise<void>
  /**
   * Reports new leases to the listener; the first time and after a loss only when `settled`, then even if there are
   * none.
   */
  announce(settled: boolean): void
  /** Settles when every report has reached the listener. */
  announced(): Promise<void>
  /** Returns whether that changed anything. */
  setFinished(name: string, finished: boolean): boolean
}

export function createHeldLeases(listener: LeaseListener): HeldLeases {
  const held = new Map<string, number>()
  const finished = new Set<string>()
  const known = new Set<string>()
  let hasAnnounced = false
  let reports: Promise<void> = Promise.resolve()
  const report = (call: () => Promise<void>): Promise<void> => {
    reports = reports.then(call).catch(() => {})
    return reports
  }
  return {
    names: () => [...held.keys()],
    epochOf: (name) => held.get(name),
    finished,
    add: (name, epoch) => void held.set(name, epoch),
    drop(names) {
      const lost = names.filter((name) => known.delete(name))
      for (const name of names) {
        held.delete(name)
        finished.delete(name)
      }
      if (lost.length === 0) return Promise.resolve()
      hasAnnounced = false
      return report(() => listener.lost(lost))
    },
    announce(settled) {
      if (!hasAnnounced && !settled) return
      const fresh = [...held.keys()].filter((name) => !known.has(name))
      if (hasAnnounced && fresh.length === 0) return
      hasAnnounced = true
      for (const name of fresh) known.add(name)
      void report(() => listener.gained(fresh))
    },
    announced: () => reports,
    setFinished(name, isFinished) {
      if (!held.has(name) || finished.has(name) === isFinished) return false
      if (isFinished) finished.add(name)
      else finished.delete(name)
      return true
    },
  }
}
