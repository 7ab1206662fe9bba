import { expect, test } from 'vitest'
import { decodeZ85 } from '../../src/read/z85.ts'

const hex = (text: string) => {
  const bytes = decodeZ85(text)
  return bytes && Buffer.from(bytes).toString('hex')
}

test('the example of the specification is decoded', () => {
  expect(hex('HelloWorld')).toBe('864fd26fb559f75b')
  expect(hex('')).toBe('')
})

test("a UUID is decoded as in Delta's protocol", () => {
  expect(hex('^-aqEH.-t@S}K{vb[*k^')).toBe('d2c639aa8816431aaaf6d3fe2512ff61')
})

test.each(['abcd', 'ab"de', '#####'])('%s is no Z85', (text) => {
  expect(decodeZ85(text)).toBeUndefined()
})
