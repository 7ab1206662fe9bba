import { systemRuntime } from '@millrace/base'
import { expect, it } from 'vitest'
import { createPace } from '../src/intake/pace.ts'

const DAY = 86_400_000

/** Commits as often as it may for so long; answers when each was, and what was told. */
function live(everyMs: number, dailyCommits: number | undefined, forMs: number) {
  let now = 0
  const told: number[] = []
  const runtime = { ...systemRuntime, monotonic: () => now }
  const limits = { everyMs, ...(dailyCommits !== undefined && { dailyCommits }) }
  const pace = createPace(limits, runtime, (interval) => void told.push(interval))
  const times: number[] = []
  while (now < forMs) {
    times.push(now)
    now += pace.spend()
  }
  return { times, told }
}

it('rule 18: ten commits a second come down to the budget of a day, which says so', () => {
  const { times, told } = live(100, 100_000, 3 * DAY)
  const onDay = (day: number) => times.filter((time) => Math.floor(time / DAY) === day).length
  // The first day has what it began with as well as what comes back.
  expect(onDay(0)).toBeLessThanOrEqual(200_000)
  expect(onDay(1)).toBeLessThan(105_000)
  expect(onDay(2)).toBeLessThan(101_000)
  expect(told.length).toBeGreaterThan(0)
  expect(told.every((interval) => interval > 100 && interval <= 864)).toBe(true)
})

it('a burst goes as asked, and so does what stays within the budget', () => {
  const burst = live(100, 100_000, 3_600_000)
  expect(burst.told).toEqual([])
  expect(burst.times.length).toBe(36_000)
  expect(live(1_000, 100_000, DAY).times.length).toBe(86_400)
})

it('without a budget it goes on as asked', () => {
  expect(live(1_000, undefined, 2 * DAY)).toMatchObject({ told: [], times: { length: 172_800 } })
})

it('after a quiet time all goes as asked again, and that is said too', () => {
  let now = 0
  const told: number[] = []
  const pace = createPace(
    { everyMs: 10, dailyCommits: 1000 },
    { ...systemRuntime, monotonic: () => now },
    (interval) => {
      told.push(interval)
    },
  )
  for (let i = 0; i < 900; i++) now += pace.spend()
  expect(told.length).toBeGreaterThan(0)
  now += DAY
  expect(pace.spend()).toBe(10)
  expect(told.at(-1)).toBe(10)
})
