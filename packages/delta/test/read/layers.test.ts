import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layered } from '../../src/read/layers.ts'

const changes = fc.array(fc.tuple(fc.constantFrom(...'abcdefghijklmnop'), fc.option(fc.nat(), { nil: undefined })))

test('a layered set is what a plain map is after the same changes, and so is every older one', () => {
  fc.assert(
    fc.property(fc.array(changes), (steps) => {
      const plain = new Map<string, number>()
      let set = layered<number>(new Map())
      const history = [{ set, entries: [...plain] }]
      for (const step of steps) {
        const change = new Map(step)
        for (const [key, value] of change) value === undefined ? plain.delete(key) : plain.set(key, value)
        set = set.with(change)
        history.push({ set, entries: [...plain] })
      }
      for (const { set: then, entries } of history) {
        expect(then.entries().toArray().sort()).toEqual(entries.sort())
        expect(then.values().toArray().sort()).toEqual(entries.map(([, value]) => value).sort())
        expect(then.size).toBe(entries.length)
        for (const key of 'abcdefghijklmnopq') {
          expect(then.get(key)).toBe(new Map(entries).get(key))
          expect(then.has(key)).toBe(new Map(entries).has(key))
        }
      }
    }),
  )
})
