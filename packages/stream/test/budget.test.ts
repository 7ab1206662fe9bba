import { describe, expect, it } from 'vitest'
import { createBudget } from '../src/intake/budget.ts'

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
})
