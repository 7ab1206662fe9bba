import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundOf } from '../../src/write/bounds.ts'

const json = (value: unknown) => JSON.stringify(value)

describe('numbers', () => {
  test('keep every digit', () => {
    expect(json(boundOf('min', '9007199254740993', 'long'))).toBe('9007199254740993')
    expect(json(boundOf('max', '12345678901234567890.123', 'decimal(38,3)'))).toBe('12345678901234567890.123')
    expect(json(boundOf('max', '0.30000000000000004', 'double'))).toBe('0.30000000000000004')
  })
  test('of 32 bits are written as the number that they are, not as the shortest text', () => {
    expect(boundOf('max', '0.1', 'float')).toBe(0.10000000149011612)
  })
  test.each(['inf', '-inf', 'nan'])('%s bounds nothing', (text) => {
    expect(boundOf('max', text, 'double')).toBeUndefined()
    expect(boundOf('max', text, 'float')).toBeUndefined()
  })
})

describe('times', () => {
  test('go outwards to whole milliseconds', () => {
    expect(boundOf('min', '2020-01-01 00:00:00.123456+00', 'timestamp')).toBe('2020-01-01T00:00:00.123Z')
    expect(boundOf('max', '2020-01-01 00:00:00.123456+00', 'timestamp')).toBe('2020-01-01T00:00:00.124Z')
    expect(boundOf('max', '2020-01-01 00:00:00.123+00', 'timestamp')).toBe('2020-01-01T00:00:00.123Z')
    expect(boundOf('min', '1969-12-31 23:59:59.9995+00', 'timestamp')).toBe('1969-12-31T23:59:59.999Z')
    expect(boundOf('max', '1969-12-31 23:59:59.9995+00', 'timestamp')).toBe('1970-01-01T00:00:00.000Z')
  })
  test('without a zone stay without', () => {
    expect(boundOf('max', '2020-01-01 00:00:00.1', 'timestamp_ntz')).toBe('2020-01-01T00:00:00.100')
  })
  test.each(['infinity', '-infinity', '0044-03-15 (BC) 10:00:00+00', '12000-01-01 00:00:00+00'])(
    'beyond four-digit years bound nothing: %s',
    (text) => {
      expect(boundOf('max', text, 'timestamp')).toBeUndefined()
    },
  )
  test('the last instant of the year 9999 has no upper bound', () => {
    expect(boundOf('max', '9999-12-31 23:59:59.999999+00', 'timestamp')).toBeUndefined()
  })
  test('dates of four-digit years bound', () => {
    expect(boundOf('min', '2020-02-29', 'date')).toBe('2020-02-29')
    expect(boundOf('min', '0044-01-01 (BC)', 'date')).toBeUndefined()
  })
})

describe('strings', () => {
  const text = fc.string({ unit: 'binary', maxLength: 80 })
  const bytes = (value: unknown) => Buffer.from(String(value))

  test('are bounded by at most 32 characters that lie on the right side, by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(text, (value) => {
        const min = boundOf('min', value, 'string')
        const max = boundOf('max', value, 'string')
        expect([...String(min)].length).toBeLessThanOrEqual(32)
        expect(Buffer.compare(bytes(min), bytes(value))).toBeLessThanOrEqual(0)
        if (max !== undefined) {
          expect([...String(max)].length).toBeLessThanOrEqual(32)
          expect(Buffer.compare(bytes(max), bytes(value))).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })
  test('that are cut have a greater last character', () => {
    expect(boundOf('max', 'a'.repeat(40), 'string')).toBe(`${'a'.repeat(31)}b`)
    expect(boundOf('max', `${'a'.repeat(31)}\u{10ffff}zz`, 'string')).toBe(`${'a'.repeat(30)}b`)
    expect(boundOf('max', `${'a'.repeat(31)}\ud7ffzz`, 'string')).toBe(`${'a'.repeat(31)}\ue000`)
  })
  test('of nothing but the last character have no upper bound', () => {
    expect(boundOf('max', '\u{10ffff}'.repeat(33), 'string')).toBeUndefined()
  })
})

test.each(['boolean', 'binary', 'void'])('a %s has no bounds', (type) => {
  expect(boundOf('min', '1', type)).toBeUndefined()
})
