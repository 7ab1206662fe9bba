import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eachElement, eachMember, endOfText, jsonText, startsObject, valueBytes } from '../../src/gateway/json-text.ts'

function accepts(text: string): boolean {
  try {
    const json = jsonText(Buffer.from(text))
    valueBytes(json)
    endOfText(json)
    return true
  } catch {
    return false
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('a JSON text that is read where it lies', () => {
  it('takes whatever is JSON, and finds each value from its first byte to its last', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.constantFrom('', ' ', '\n', '\t\r\n'), (values, space) => {
        const text = jsonText(Buffer.from(`[${values.map((value) => space + value + space).join(',')}]${space}`))
        const found: string[] = []
        eachElement(text, () => found.push(valueBytes(text).toString()))
        endOfText(text)
        expect(found).toEqual(values)
      }),
    )
  })

  it('gives members under their names, however these are written', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'binary' }).filter((name) => name !== '__proto__'),
          fc.json(),
        ),
        (members) => {
          const body = Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${value}`)
          const text = jsonText(Buffer.from(`{${body.join(', ')}}`))
          expect(startsObject(text)).toBe(true)
          const found: Record<string, string> = {}
          eachMember(text, (name) => {
            found[name] = valueBytes(text).toString()
          })
          expect(found).toEqual(Object.fromEntries(Object.entries(members)))
        },
      ),
    )
  })

  it('refuses exactly what JSON.parse refuses, wherever a text was damaged', () => {
    const damage = fc.record({
      at: fc.nat(),
      cut: fc.nat(2),
      put: fc.constantFrom('', ',', '}', ']', '"', '\\', '-', '0', 'e', '.', '\u0001', 'u12', ' ', 'n'),
    })
    fc.assert(
      fc.property(fc.json(), damage, (json, { at, cut, put }) => {
        const place = at % (json.length + 1)
        const damaged = json.slice(0, place) + put + json.slice(place + cut)
        expect(accepts(damaged)).toBe(parses(damaged))
      }),
      { numRuns: 3_000 },
    )
  })

  it.each([
    '-',
    '01',
    '1.',
    '.5',
    '1e',
    '1e+',
    '+1',
    '--1',
    'nul',
    'nulll',
    'True',
    'NaN',
    '"\\x"',
    '"\\u12g4"',
    '"\n"',
    '{"a" 1}',
    '{a:1}',
    '[1,]',
    '{"a":1,}',
    '',
    ' ',
    '[',
    '"',
    '"\\',
  ])('refuses %j', (text) => {
    expect(parses(text)).toBe(false)
    expect(accepts(text)).toBe(false)
  })

  it('refuses what is nested without end, instead of running out of stack', () => {
    expect(accepts('['.repeat(1_000_000))).toBe(false)
    expect(accepts('{"a":'.repeat(1_000_000))).toBe(false)
  })
})
