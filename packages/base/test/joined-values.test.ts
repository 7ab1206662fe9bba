import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  combineTraits,
  concatValues,
  eachTraits,
  endBefore,
  type JoinedValues,
  joinValues,
  pickValues,
  valueAt,
} from '../src/index.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const value = fc.option(fc.uint8Array({ maxLength: 40 }))

describe('joined values', () => {
  it('give back every value, tombstones too', () => {
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const joined = joinValues(values)
        expect(joined.count).toBe(values.length)
        values.forEach((one, i) => {
          const back = valueAt(joined, i)
          expect(back && [...back]).toEqual(one && [...one])
        })
      }),
    )
  })

  it('can be picked from: what is picked is what joining it alone would give', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, fc.boolean())), (wanted) => {
        const kept = wanted.flatMap(([, keep], i) => (keep ? [i] : []))
        const picked = pickValues(joinValues(wanted.map(([one]) => one)), kept)
        const { traits: _, ...alone } = joinValues(kept.map((i) => wanted[i]?.[0] ?? null))
        expect(picked).toMatchObject(alone)
      }),
    )
  })

  it('start where the one before has ended', () => {
    const joined = joinValues([bytes('{}'), null, bytes('{"a":1}')])
    expect([0, 1, 2].map((i) => endBefore(joined.ends, i))).toEqual([0, 3, 4])
  })

  it('can not be asked for what is not there', () => {
    expect(() => valueAt(joinValues([]), 0)).toThrow(RangeError)
  })
})

describe('the traits of values', () => {
  const piece = fc.constantFrom('{', '{"a":1}', '\n', '\r', ' ', '[', 'é', '\n{', '\0')
  const text = fc.oneof(
    fc.constant(null),
    fc.array(piece, { maxLength: 4 }).map((pieces) => bytes(pieces.join(''))),
  )

  it.each([
    ['of usual messages', ['{"a":1}', '{}'], { nulls: false, lineBreaks: false, longest: 7, first: 0x7b }],
    ['with a tombstone among them', ['{}', null], { nulls: true, lineBreaks: false, longest: 2, first: -1 }],
    ['with an empty one', ['{}', ''], { nulls: false, lineBreaks: false, longest: 2, first: -1 }],
    ['with a line feed', ['a\nb', 'a'], { nulls: false, lineBreaks: true, longest: 3, first: 0x61 }],
    ['with a carriage return', ['a\r'], { nulls: false, lineBreaks: true, longest: 2, first: 0x61 }],
    ['that begin differently', ['a', 'b', 'a'], { nulls: false, lineBreaks: false, longest: 1, first: -1 }],
  ])('%s', (_, values, traits) => {
    expect(joinValues(values.map((value) => (value === null ? null : bytes(value)))).traits).toEqual(traits)
  })

  it('of each by itself add up to those of all', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (values) => {
        const joined = joinValues(values)
        const each = [...eachTraits(joined)]
        expect(each).toEqual(values.map((value) => joinValues([value]).traits))
        expect(combineTraits(each)).toEqual(joined.traits)
      }),
    )
  })

  it('joined by parts are joined at once', () => {
    const plain = ({ bytes, ...rest }: JoinedValues) => ({ ...rest, bytes: [...bytes] })
    fc.assert(
      fc.property(fc.array(fc.array(text, { minLength: 1, maxLength: 4 })), (parts) => {
        expect(plain(concatValues(parts.map((part) => joinValues(part))))).toEqual(plain(joinValues(parts.flat())))
      }),
    )
  })
})
