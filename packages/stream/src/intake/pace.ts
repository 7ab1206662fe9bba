import type { Runtime } from '@millrace/base'

/** Paces commits to stay within a daily number. */
export interface Pace {
  /** Counts a commit and returns for how many milliseconds the next batch is gathered. */
  spend(): number
}

export interface PaceLimits {
  readonly everyMs: number
  /** Unlimited if undefined. */
  readonly dailyCommits?: number
}

const DAY_MS = 86_400_000

/**
 * A token bucket: it starts with a day's commits and refills evenly over the day. While more than half of them are
 * left, the interval is as asked; below that it grows, up to where a day has just as many as it may. `reportInterval`
 * is called when that begins and when it ends.
 */
export function createPace(
  { everyMs, dailyCommits }: PaceLimits,
  runtime: Runtime,
  reportInterval: (everyMs: number) => void,
): Pace {
  if (dailyCommits === undefined || DAY_MS / dailyCommits <= everyMs) return { spend: () => everyMs }
  const slowest = DAY_MS / dailyCommits
  let left = dailyCommits
  let at = runtime.monotonic()
  let reported = everyMs
  const reportChange = (interval: number) => {
    const isNews = interval === everyMs ? reported !== everyMs : interval > 2 * reported || interval === slowest
    if (!isNews || interval === reported) return
    reported = interval
    reportInterval(interval)
  }
  return {
    spend() {
      const now = runtime.monotonic()
      left = Math.max(0, Math.min(dailyCommits, left + (now - at) / slowest) - 1)
      at = now
      const plenty = Math.min(1, left / (dailyCommits / 2))
      const interval = slowest + (everyMs - slowest) * plenty
      reportChange(interval)
      return interval
    },
  }
}
