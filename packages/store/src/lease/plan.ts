/** What one worker knows of who holds which lease. */
export interface LeaseView {
  readonly me: string
  readonly wanted: readonly string[]
  /** By lease. A lease without an entry, or held by a worker that is not among the others, is free. */
  readonly holders: ReadonlyMap<string, string>
  readonly others: readonly OtherWorker[]
  /** Leases that are held and whose work is finished: they do not count in a worker's share. */
  readonly finished: ReadonlySet<string>
}

export interface OtherWorker {
  readonly id: string
  readonly scopes: ReadonlySet<string>
  /** Whether a heartbeat of the worker has arrived; without one it may be dead. */
  readonly proven: boolean
}

export interface Plan {
  readonly take: readonly string[]
  readonly release: readonly string[]
  /** Whether it is known of every other worker that it is alive: what is not taken now belongs to others. */
  readonly settled: boolean
}

/** Returns what comes before the last slash. A worker competes for all leases of the scopes that it wants. */
export function scopeOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}

/**
 * Plans so that all workers get the same number of leases, give or take one. Each worker plans for itself; their
 * plans agree as long as they see the same state. Leases that the same workers want are divided together.
 */
export function planLeases(view: LeaseView): Plan {
  const pools = [
    ...Map.groupBy(view.wanted, (name) =>
      competitors(view, name)
        .map(({ id }) => id)
        .join(),
    ).values(),
  ]
  const plans = pools.map((names) => planPool(view, names))
  return {
    take: plans.flatMap(({ take }) => take),
    release: plans.flatMap(({ release }) => release),
    settled: plans.every(({ settled }) => settled),
  }
}

function competitors({ others }: LeaseView, name: string): OtherWorker[] {
  return others.filter(({ scopes }) => scopes.has(scopeOf(name)))
}

function planPool(view: LeaseView, names: readonly string[]): Plan {
  const { me, holders, finished } = view
  const others = competitors(view, names[0] ?? '')
  const work = names.filter((name) => !finished.has(name)).toSorted()
  const held = Map.groupBy(work, (name) => holders.get(name))
  const mine = held.get(me) ?? []
  const taken = new Set([me, ...view.others.map(({ id }) => id)])
  const free = work.filter((name) => !taken.has(holders.get(name) ?? ''))
  const countOf = (id: string) => held.get(id)?.length ?? 0
  const share = shareOf(me, [me, ...others.map(({ id }) => id)], work.length, countOf)
  // Releases nothing for the sake of a worker that may be dead.
  const proven = others.filter(({ proven }) => proven).map(({ id }) => id)
  const most = shareOf(me, [me, ...proven], work.length, countOf)
  return {
    take: free.slice(0, Math.max(0, share - mine.length)),
    release: mine.slice(most),
    settled: proven.length === others.length,
  }
}

/** Returns how many leases a worker is due. Where the division leaves a rest, those who hold most keep one more. */
function shareOf(me: string, ids: readonly string[], names: number, countOf: (id: string) => number): number {
  const ranked = ids.toSorted((a, b) => countOf(b) - countOf(a) || (a < b ? -1 : 1))
  return Math.floor(names / ids.length) + (ranked.indexOf(me) < names % ids.length ? 1 : 0)
}
