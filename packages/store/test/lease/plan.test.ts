import fc from 'fast-check'
import { expect, it } from 'vitest'
import { planLeases } from '../../src/lease/plan.ts'

const group = fc.record({
  workers: fc.integer({ min: 1, max: 6 }),
  names: fc.integer({ min: 0, max: 20 }),
  /** Who has what at first; numbers beyond the workers are of the dead. */
  owners: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 20, maxLength: 20 }),
  finished: fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
})

it('workers that plan for themselves, in turn, soon share evenly, and then leave it at that', () => {
  fc.assert(
    fc.property(group, ({ workers, names, owners, finished }) => {
      const ids = Array.from({ length: workers }, (_, i) => `w${i}`)
      const wanted = Array.from({ length: names }, (_, i) => `s/${i}`)
      const holders = new Map(wanted.map((name, i) => [name, `w${owners[i]}`]))
      const done = new Set(wanted.filter((name, i) => finished[i] && ids.includes(holders.get(name) ?? '')))
      const planOf = (me: string) => {
        const others = ids.filter((id) => id !== me).map((id) => ({ id, scopes: new Set(['s']), proven: true }))
        return planLeases({ me, wanted, holders: new Map(holders), others, finished: done })
      }
      for (let round = 0; round < 2 * workers; round++) {
        for (const me of ids) {
          const { take, release } = planOf(me)
          for (const name of release) holders.delete(name)
          for (const name of take) holders.set(name, me)
        }
      }
      const work = wanted.filter((name) => !done.has(name))
      const counts = ids.map((id) => work.filter((name) => holders.get(name) === id).length)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(work.length)
      for (const me of ids) expect(planOf(me)).toEqual({ take: [], release: [], settled: true })
    }),
  )
})

it('nothing is given up for one that may be dead', () => {
  const wanted = ['s/1', 's/2']
  const holders = new Map(wanted.map((name) => [name, 'me']))
  const other = { id: 'other', scopes: new Set(['s']), proven: false }
  expect(planLeases({ me: 'me', wanted, holders, others: [other], finished: new Set() })).toEqual({
    take: [],
    release: [],
    settled: false,
  })
})
