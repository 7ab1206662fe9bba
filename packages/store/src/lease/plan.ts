/** What one worker knows of who has what. */
export interface View {
  readonly me: string
  readonly wanted: readonly string[]
  /** By name; without an entry, or of a worker that is not among the others, a lease is free. */
  readonly holders: ReadonlyMap<string, string>
  readonly others: readonly Other[]
  /** Leases that are held and need no more work: they weigh nothing. */
  readonly finished: ReadonlySet<string>
}

export interface Other {
  readonly id: string
  readonly scopes: ReadonlySet<string>
  /** It has been seen to beat; else it may be dead. */
  readonly proven: boolean
}

export interface Plan {
  readonly take: readonly string[]
  readonly giveBack: readonly string[]
  /** Nobody's death is in doubt: what is not taken now is others'. */
  readonly settled: boolean
}

/** `scope/rest`: what comes before the last slash names what a worker must want in order to want this. */
export function scopeOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}

/**
 * Everyone gets the same share, give or take one. Each worker plans for itself; as long as they see the same,
 * their plans agree. Leases that the same workers want are shared out together.
 */
export function planLeases(view: View): Plan {
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
    giveBack: plans.flatMap(({ giveBack }) => giveBack),
    settled: plans.every(({ settled }) => settled),
  }
}

function competitors({ others }: View, name: string): Other[] {
  return others.filter(({ scopes }) => scopes.has(scopeOf(name)))
}

function planPool(view: View, names: readonly string[]): Plan {
  const { me, holders, finished } = view
  const others = competitors(view, names[0] ?? '')
  const work = names.filter((name) => !finished.has(name)).toSorted()
  const held = Map.groupBy(work, (name) => holders.get(name))
  const mine = held.get(me) ?? []
  const taken = new Set([me, ...view.others.map(({ id }) => id)])
  const free = work.filter((name) => !taken.has(holders.get(name) ?? ''))
  const countOf = (id: string) => held.get(id)?.length ?? 0
  const share = shareOf(me, [me, ...others.map(({ id }) => id)], work.length, countOf)
  // Nothing is given up for the sake of one that may be dead.
  const proven = others.filter(({ proven }) => proven).map(({ id }) => id)
  const most = shareOf(me, [me, ...proven], work.length, countOf)
  return {
    take: free.slice(0, Math.max(0, share - mine.length)),
    giveBack: mine.slice(most),
    settled: proven.length === others.length,
  }
}

/** Whoever has most keeps one more, where it does not come out even. */
function shareOf(me: string, ids: readonly string[], names: number, countOf: (id: string) => number): number {
  const ranked = ids.toSorted((a, b) => countOf(b) - countOf(a) || (a < b ? -1 : 1))
  return Math.floor(names / ids.length) + (ranked.indexOf(me) < names % ids.length ? 1 : 0)
}
