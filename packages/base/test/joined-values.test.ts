import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  endBefore,
  joinValues,
  LARGEST_FAST_VALUE,
  needsCare,
  pickValues,
  thoseInNeedOfCare,
  valueAt,
} from '../src/joined-values.ts'

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
        const { careful: _, ...alone } = joinValues(kept.map((i) => wanted[i]?.[0] ?? null))
        expect(picked).toMatchObject(alone)
      }),
    )
  })

  it('are as many lines as values, where none needs care', () => {
    const records = fc.array(fc.dictionary(fc.string(), fc.jsonValue()).map((record) => bytes(JSON.stringify(record))))
    fc.assert(
      fc.property(records, (values) => {
        const joined = joinValues(values)
        const lines = new TextDecoder().decode(joined.bytes).split('\n').slice(0, -1)
        expect(joined.careful).toBe(false)
        expect(lines).toHaveLength(values.length)
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

describe('a value needs care', () => {
  it.each([
    ['null', null],
    ['empty', bytes('')],
    ['blank', bytes('  ')],
    ['a list', bytes('[1]')],
    ['a word', bytes('null')],
    ['a line feed', bytes('{"a":\n1}')],
    ['a carriage return', bytes('{"a":1}\r')],
    ['space before the brace', bytes(' {}')],
    ['over 1 MiB', new Uint8Array((1 << 20) + 1).fill(0x7b)],
  ])('%s', (_, value) => {
    expect(needsCare(value)).toBe(true)
  })

  it('an object on one line does not', () => {
    expect(needsCare(bytes('{"a":1}'))).toBe(false)
  })

  it('or not, whether it is looked at by itself or among others', () => {
    const piece = fc.constantFrom('{', '{"a":1}', '\n', '\r', ' ', '[', 'é', '\n{', '\0')
    const value = fc.oneof(
      fc.constant(null),
      fc.array(piece, { maxLength: 4 }).map((pieces) => bytes(pieces.join(''))),
      fc.constantFrom(LARGEST_FAST_VALUE, LARGEST_FAST_VALUE + 1).map((size) => new Uint8Array(size).fill(0x7b)),
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 12 }), (values) => {
        const careful = values.flatMap((each, i) => (needsCare(each) ? [i] : []))
        expect([...thoseInNeedOfCare(joinValues(values))]).toEqual(careful)
      }),
    )
  })
})
