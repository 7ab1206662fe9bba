import type { Runtime } from '@millrace/base'

interface Waiting {
  readonly until: number
  readonly giveUp: () => void
}

const LOOK_EVERY_MS = 1_000

/** Promises that are given up when they take too long, by one clock for all of them. */
export function inTime(
  milliseconds: number,
  tooLate: () => Error,
  runtime: Runtime,
): <T>(work: Promise<T>) => Promise<T> {
  const waiting = new Set<Waiting>()
  let looking = false
  const look = async () => {
    looking = true
    while (waiting.size > 0) {
      await runtime.sleep(LOOK_EVERY_MS)
      for (const one of waiting) {
        if (one.until > runtime.monotonic()) break
        waiting.delete(one)
        one.giveUp()
      }
    }
    looking = false
  }
  return (work) =>
    new Promise((resolve, reject) => {
      const one = { until: runtime.monotonic() + milliseconds, giveUp: () => reject(tooLate()) }
      waiting.add(one)
      if (!looking) void look()
      work.then(
        (value) => {
          waiting.delete(one)
          resolve(value)
        },
        (error) => {
          waiting.delete(one)
          reject(error)
        },
      )
    })
}
