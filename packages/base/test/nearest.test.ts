import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearest } from '../src/index.ts'

const NAMES = ['stream', 'batch', 'ingest', 'optimize', 'quarantine']

describe('nearest', () => {
  test.each([
    ['strem', 'stream'],
    ['stremas', 'stream'],
    ['btach', 'batch'],
    ['INGEST', 'ingest'],
    ['optimise', 'optimize'],
  ])('of %s is %s', (word, meant) => {
    expect(nearest(word, NAMES)).toBe(meant)
  })

  test.each(['', 'zzzzzz', 'sql'])('of %j is none', (word) => {
    expect(nearest(word, NAMES)).toBeUndefined()
  })

  test('one letter too many, too few, wrong or swapped is always found', () => {
    const slip = fc.record({
      name: fc.constantFrom(...NAMES),
      place: fc.nat(),
      kind: fc.constantFrom('add', 'drop', 'replace', 'swap'),
    })
    fc.assert(
      fc.property(slip, ({ name, place, kind }) => {
        const at = place % (name.length - 1)
        const [before, after] = [name.slice(0, at), name.slice(at + 1)]
        const words = {
          add: `${before}x${name.slice(at)}`,
          drop: before + after,
          replace: `${before}x${after}`,
          swap: before + name[at + 1] + name[at] + name.slice(at + 2),
        }
        expect(nearest(words[kind as keyof typeof words], NAMES)).toBe(name)
      }),
    )
  })
})
