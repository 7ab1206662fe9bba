/** The least and the greatest lag of the last while. Between two commits a lag only grows: one moment says little. */
export interface LagBand {
  add(seconds: number, nowMs: number): void
  /** Returns the band of the last `withinMs`, in seconds, with the lag of this moment in it. */
  within(withinMs: number, seconds: number, nowMs: number): { readonly low: number; readonly high: number }
}

/** A sample is a second of the past: the least and the greatest lag in it. */
interface Sample {
  readonly second: number
  low: number
  high: number
}

const MOST_SECONDS = 600

export function lagBand(): LagBand {
  const samples: Sample[] = []
  return {
    add(seconds, nowMs) {
      const second = Math.floor(nowMs / 1000)
      const last = samples.at(-1)
      if (last?.second === second) {
        last.low = Math.min(last.low, seconds)
        last.high = Math.max(last.high, seconds)
        return
      }
      samples.push({ second, low: seconds, high: seconds })
      if (samples.length > MOST_SECONDS) samples.shift()
    },
    within(withinMs, seconds, nowMs) {
      let [low, high] = [seconds, seconds]
      for (const sample of samples) {
        if (sample.second * 1000 < nowMs - withinMs) continue
        low = Math.min(low, sample.low)
        high = Math.max(high, sample.high)
      }
      return { low, high }
    },
  }
}
