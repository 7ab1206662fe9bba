import { expect, it } from 'vitest'
import { agoInWords, bytesInWords, countInWords, secondsInWords } from '../src/index.ts'
import { clockInWords } from '../src/words.ts'

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 kB'],
  [12_345_678, '12 MB'],
  [999_999, '1.0 MB'],
  [3_440_000_000, '3.4 GB'],
])('%d bytes are %s', (bytes, words) => expect(bytesInWords(bytes)).toBe(words))

it.each([
  [0.42, '0.4 s'],
  [12.3, '12 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [3_599, '1 h'],
  [7_500, '2 h 5 min'],
  [400_000, '5 days'],
])('%d seconds are %s', (seconds, words) => expect(secondsInWords(seconds)).toBe(words))

it.each([
  [85_123, '85,123'],
  [1_200_000, '1.2 million'],
  [4e9, '4.0 billion'],
])('%d is %s', (count, words) => expect(countInWords(count)).toBe(words))

it('a time has its day when that is not today', () => {
  const noon = Date.parse('2026-01-31T12:00:00Z')
  expect(clockInWords(noon, noon)).toBe('12:00 UTC')
  expect(clockInWords(noon - 86_400_000, noon)).toBe('2026-01-30 12:00 UTC')
})

it('what happened lately is so long ago, what is older has its date', () => {
  const noon = Date.parse('2026-01-31T12:00:00Z')
  expect(agoInWords(noon - 180_000, noon)).toBe('3 min ago')
  expect(agoInWords(noon - 3 * 86_400_000, noon)).toBe('2026-01-28')
  expect(agoInWords(noon + 5_000, noon)).toBe('0.0 s ago')
})
