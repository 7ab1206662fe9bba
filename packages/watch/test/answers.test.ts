import { openLake } from '@millrace/store'
import { PINTEREST, temporaryFolder } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { createLiveAnswers } from '../src/answers.ts'
import { handClock } from './kit.ts'

/** A lake that counts how often it is looked at, and can be broken. */
async function watchedLake() {
  const lake = await openLake(await temporaryFolder())
  const seen = { looks: 0, isBroken: false }
  const looked = <Args extends unknown[], Result>(look: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      seen.looks++
      if (seen.isBroken) throw new Error('the store answered 503')
      return look(...args)
    }
  }
  return { store: { ...lake, get: looked(lake.get), keys: looked(lake.keys), list: looked(lake.list) }, seen }
}

it('the tables are asked only when somebody asks, and at most every half minute', async () => {
  const { store, seen } = await watchedLake()
  const { runtime, pass } = handClock()
  const answers = createLiveAnswers({
    store,
    questionFolders: [PINTEREST.questions],
    runtime,
    tableOf: (dataset) => dataset,
  })
  expect(seen.looks).toBe(0)
  expect(await answers()).toMatchObject({ answers: [], lacks: ['pin', 'geo', 'user'] })
  const once = seen.looks
  expect(once).toBeGreaterThan(0)
  pass(29_000)
  await Promise.all([answers(), answers()])
  expect(seen.looks).toBe(once)
  pass(2_000)
  await Promise.all([answers(), answers()])
  expect(seen.looks).toBe(2 * once)
})

it('a lake that cannot be read is said, and asked again later', async () => {
  const { store, seen } = await watchedLake()
  const { runtime, pass } = handClock()
  const answers = createLiveAnswers({
    store,
    questionFolders: [PINTEREST.questions],
    runtime,
    tableOf: (dataset) => dataset,
  })
  seen.isBroken = true
  expect(await answers()).toMatchObject({ failed: expect.stringContaining('503') })
  seen.isBroken = false
  pass(31_000)
  expect(await answers()).toMatchObject({ failed: undefined, lacks: ['pin', 'geo', 'user'] })
})
