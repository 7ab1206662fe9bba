import { systemRuntime } from '@millrace/base'
import { expect, it } from 'vitest'
import { createPace } from '../src/intake/pace.ts'

const DAY = 86_400_000

/** Commits as often as it may for so long; answers when each was, and what was reported. */
function live(everyMs: number, dailyCommits: number | undefined, forMs: number) {
  let now = 0
  const reported: number[] = []
  const runtime = { ...systemRuntime, monotonic: () => now }
  const limits = { everyMs, ...(dailyCommits !== undefined && { dailyCommits }) }
  const pace = createPace(limits, runtime, (interval) => void reported.push(interval))
  const times: number[] = []
  while (now < forMs) {
    times.push(now)
    now += pace.spend()
  }
  return { times, reported }
}

it('rule 18: ten commits a second come down to the budget of a day, which says so', () => {
  const { times, reported } = live(100, 100_000, 3 * DAY)
  const onDay = (day: number) => times.filter((time) => Math.floor(time / DAY) === day).length
  // The first day has what it began with as well as what comes back.
  expect(onDay(0)).toBeLessThanOrEqual(200_000)
  expect(onDay(1)).toBeLessThan(105_000)
  expect(onDay(2)).toBeLessThan(101_000)
  expect(reported.length).toBeGreaterThan(0)
  expect(reported.every((interval) => interval > 100 && interval <= 864)).toBe(true)
})

it('a burst goes as asked, and so does what stays within the budget', () => {
  const burst = live(100, 100_000, 3_600_000)
  expect(burst.reported).toEqual([])
  expect(burst.times.length).toBe(36_000)
  expect(live(1_000, 100_000, DAY).times.length).toBe(86_400)
})

it('without a budget it goes on as asked', () => {
  expect(live(1_000, undefined, 2 * DAY)).toMatchObject({ reported: [], times: { length: 172_800 } })
})

it('after a quiet time all goes as asked again, and that is said too', () => {
  let now = 0
  const reported: number[] = []
  const pace = createPace(
    { everyMs: 10, dailyCommits: 1000 },
    { ...systemRuntime, monotonic: () => now },
    (interval) => {
      reported.push(interval)
    },
  )
  for (let i = 0; i < 900; i++) now += pace.spend()
  expect(reported.length).toBeGreaterThan(0)
  now += DAY
  expect(pace.spend()).toBe(10)
  expect(reported.at(-1)).toBe(10)
})
