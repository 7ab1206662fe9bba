import type { Runtime } from '@millrace/base'

/** How often to commit, so that a day does not see more commits than it should. */
export interface Pace {
  /** One commit is going to be made; answers how many milliseconds the next batch is gathered for. */
  spend(): number
}

export interface PaceLimits {
  readonly everyMs: number
  /** Undefined: as many as it takes. */
  readonly dailyCommits?: number
}

const DAY_MS = 86_400_000

/**
 * A day's commits are in hand at the start and come back evenly over the day. While more than half of them are left,
 * all goes as asked; below that the interval grows, up to where a day has just as many as it may. `reportInterval` is told
 * when that begins and when it is over.
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
