/** How many rows are committed a second, as the mean of whole intervals between commits. */
export interface CommitPace {
  /** Records were read. An interval does not begin before there is something to commit. */
  read(nowMs: number): void
  committed(rows: number, nowMs: number): void
  perSecond(nowMs: number): number
  /** Time between the last two commits, or since reading began. */
  readonly intervalMs: number
}

interface Interval {
  readonly from: number
  readonly to: number
  readonly rows: number
}

/** The mean covers at least this long. */
const LEAST_MS = 10_000
/** Bounds the number of intervals. A commit after so many others covers its own time alone. */
const MOST_INTERVALS = 64

export function commitPace(begunMs: number): CommitPace {
  const intervals: Interval[] = []
  let [lastReadAt, busySince] = [Number.NEGATIVE_INFINITY, begunMs]
  const last = () => intervals.at(-1)
  const intervalMs = () => {
    const { from, to } = last() ?? { from: 0, to: 0 }
    return to - from
  }
  return {
    read(nowMs) {
      if (nowMs - lastReadAt > LEAST_MS) busySince = nowMs
      lastReadAt = nowMs
    },
    committed(rows, nowMs) {
      const from = Math.min(nowMs, Math.max(last()?.to ?? begunMs, busySince))
      intervals.push({ from, to: nowMs, rows })
      while (intervals.length > MOST_INTERVALS || covers(intervals, nowMs)) intervals.shift()
    },
    perSecond(nowMs) {
      const { from, to } = { from: intervals[0]?.from ?? nowMs, to: last()?.to ?? nowMs }
      // The next commit is due after an interval as long as the last one.
      const overdue = Math.max(0, nowMs - to - Math.max(intervalMs(), LEAST_MS))
      if (overdue > Math.max(intervalMs(), LEAST_MS)) return 0
      const rows = intervals.reduce((sum, interval) => sum + interval.rows, 0)
      const least = Math.max(1000, Math.min(LEAST_MS, nowMs - begunMs))
      return (1000 * rows) / Math.max(least, to - from + overdue)
    },
    get intervalMs() {
      return intervalMs()
    },
  }
}

/** Returns whether the intervals without the first one are still long enough. */
function covers([, ...others]: readonly Interval[], nowMs: number): boolean {
  return others[0] !== undefined && nowMs - others[0].from >= LEAST_MS
}
