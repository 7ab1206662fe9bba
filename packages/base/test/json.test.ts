import fc from 'fast-check'
import { expect, it } from 'vitest'
import { exactNumber, parseWithBigints, refuseBomb } from '../src/index.ts'

it('integers of any size go through JSON digit for digit', () => {
  fc.assert(
    fc.property(fc.bigInt(), (version) => {
      const text = JSON.stringify({ version: exactNumber(version), other: 1 })
      expect(text).toBe(`{"version":${version},"other":1}`)
      expect(parseWithBigints(text, ['version'])).toEqual({ version, other: 1 })
    }),
  )
})

const MEGABYTES = 8 << 20

it.each<[string, string]>([
  ['brackets', '['.repeat(MEGABYTES)],
  ['braces', '{"a":'.repeat(MEGABYTES / 5)],
  ['empty lists', `[${'[],'.repeat(MEGABYTES / 3)}1]`],
  ['numbers', `[${'1,'.repeat(MEGABYTES)}1]`],
])('a long text of %s is refused before it is parsed', (_, text) => {
  expect(() => refuseBomb(text)).toThrow(SyntaxError)
})

it.each<[string, string]>([
  ['a long text in quotes, whatever is in it', JSON.stringify(`${'[{,"\\'.repeat(MEGABYTES / 4)}`)],
  ['many long values', JSON.stringify(Array(80_000).fill({ name: 'x'.repeat(80), list: [1, 2, 3] }))],
  ['a short text of brackets', '['.repeat(1 << 20)],
])('%s is not', (_, text) => {
  refuseBomb(text)
})
