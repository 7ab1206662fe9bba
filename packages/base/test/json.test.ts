import fc from 'fast-check'
import { expect, it } from 'vitest'
import { exactNumber, parseWithBigints } from '../src/index.ts'

it('integers of any size go through JSON digit for digit', () => {
  fc.assert(
    fc.property(fc.bigInt(), (version) => {
      const text = JSON.stringify({ version: exactNumber(version), other: 1 })
      expect(text).toBe(`{"version":${version},"other":1}`)
      expect(parseWithBigints(text, ['version'])).toEqual({ version, other: 1 })
    }),
  )
})
