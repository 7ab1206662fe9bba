import { describe, expect, it } from 'vitest'
import { createBudget } from '../src/intake/budget.ts'
import { openKit, USERS, userRecord } from './kit.ts'
import { memoryTopic } from './memory-source.ts'

const MIB = 1 << 20
const turn = () => new Promise(setImmediate)

describe('a budget of bytes', () => {
  it('lets nothing more be asked for at its bound, but lets in what was asked for before', async () => {
    const budget = createBudget(56 * MIB)
    budget.take(56 * MIB)
    let hasRoom = false
    const waiting = budget.room().then(() => {
      hasRoom = true
    })
    await turn()
    expect([hasRoom, budget.open]).toEqual([false, true])
    budget.take(8 * MIB)
    expect(budget.open).toBe(false)
    budget.give(9 * MIB)
    await waiting
    expect(budget.open).toBe(true)
  })

  it('lets nobody wait who has given up', async () => {
    const budget = createBudget(1)
    budget.take(1)
    await budget.room(AbortSignal.abort())
    const stop = new AbortController()
    const waiting = budget.room(stop.signal)
    stop.abort()
    await waiting
  })

  it('closes the largest open batch as soon as open ones hold half of the bound', () => {
    const budget = createBudget(100)
    const closed: string[] = []
    const [small, large] = ['small', 'large'].map((name) => budget.openShare(() => closed.push(name)))
    small?.hold(15)
    large?.hold(34)
    expect(closed).toEqual([])
    small?.hold(1)
    expect(closed).toEqual(['large'])
    // What is to be closed is as good as under way: it is asked once, and the others go on.
    large?.hold(60)
    small?.hold(20)
    expect(closed).toEqual(['large'])
    large?.end()
    large?.hold(13)
    small?.hold(1)
    expect(closed).toEqual(['large', 'small'])
  })
})

describe('records that cost more of the budget than their bytes', () => {
  it('are committed as soon as there is no room for more, long before a batch is full or its time has come', async () => {
    const kit = await openKit()
    try {
      const topic = memoryTopic('users', 2)
      const inds = Array.from({ length: 400 }, (_, i) => i)
      for (const ind of inds) topic.send(ind % 2, userRecord(ind))
      const options = { everyMs: 3_600_000, budgetBytes: 32 << 10, untilCaughtUp: true }
      const worker = await kit.startWorker(topic, options)
      await worker.source.assign(0, 1)
      expect(await worker.ended).toBe('done')
      expect(await kit.column(USERS, 'ind')).toEqual(inds)
    } finally {
      await kit.close()
    }
  })
})
