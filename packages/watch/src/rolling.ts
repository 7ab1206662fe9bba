/** Sums amounts by second over a fixed window. */
export interface Rolling {
  add(amount: number, nowMs: number): void
  sum(seconds: number, nowMs: number): number
  /** Returns the mean per second over the last `seconds`, or since the start if that is shorter. */
  perSecond(seconds: number, nowMs: number): number
}

const KEPT_SECONDS = 64

export function rolling(begunMs: number, keptSeconds = KEPT_SECONDS): Rolling {
  // Made with the first amount: of a thousand data sets most may be idle.
  let amounts = new Float64Array(0)
  let seconds = new Float64Array(0)
  const sum = (wanted: number, nowMs: number) => {
    const from = Math.floor(nowMs / 1000) - wanted + 1
    return amounts.reduce((sum, amount, at) => ((seconds[at] ?? -1) >= from ? sum + amount : sum), 0)
  }
  return {
    add(amount, nowMs) {
      if (amounts.length === 0) {
        amounts = new Float64Array(keptSeconds)
        seconds = new Float64Array(keptSeconds).fill(-1)
      }
      const second = Math.floor(nowMs / 1000)
      const at = second % keptSeconds
      if (seconds[at] !== second) {
        seconds[at] = second
        amounts[at] = 0
      }
      amounts[at] = (amounts[at] ?? 0) + amount
    },
    sum,
    perSecond: (wanted, nowMs) => sum(wanted, nowMs) / Math.min(wanted, Math.max(1, (nowMs - begunMs) / 1000)),
  }
}

/** Keeps the newest `most` numbers. */
export interface Recent {
  add(value: number, nowMs: number): void
  /** Returns percentiles of the numbers added within `withinMs`, or undefined if there are none. */
  percentiles(withinMs: number, nowMs: number): { readonly p50: number; readonly p99: number } | undefined
}

const FIRST_RECENT = 64

export function recent(most: number): Recent {
  // Grows to what is needed: of a thousand data sets each has few.
  let values = new Float64Array(0)
  let times = new Float64Array(0)
  let next = 0
  const grow = () => {
    const length = Math.min(most, Math.max(FIRST_RECENT, 2 * values.length))
    const [before, timesBefore] = [values, times]
    values = new Float64Array(length)
    times = new Float64Array(length).fill(Number.NEGATIVE_INFINITY)
    values.set(before)
    times.set(timesBefore)
    next = before.length
  }
  return {
    add(value, nowMs) {
      if (next >= values.length) {
        if (values.length < most) grow()
        else next = 0
      }
      values[next] = value
      times[next] = nowMs
      next++
    },
    percentiles(withinMs, nowMs) {
      const fresh = values.filter((_, i) => (times[i] ?? 0) >= nowMs - withinMs).sort()
      if (fresh.length === 0) return undefined
      const at = (share: number) => fresh[Math.min(fresh.length - 1, Math.floor(share * fresh.length))] ?? 0
      return { p50: at(0.5), p99: at(0.99) }
    },
  }
}
