import { expect, it } from 'vitest'
import { createLimit } from '../src/epoch/limit.ts'

it('runs no more than its number at once, in order, also when work fails', async () => {
  const limit = createLimit(2)
  const started: number[] = []
  let running = 0
  let most = 0
  const work = (i: number) => async () => {
    started.push(i)
    most = Math.max(most, ++running)
    await new Promise(setImmediate)
    running--
    if (i % 3 === 0) throw new Error(`failed ${i}`)
    return i
  }
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => limit(work(i))))
  expect(most).toBe(2)
  expect(started).toEqual(Array.from({ length: 12 }, (_, i) => i))
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(4)
})
