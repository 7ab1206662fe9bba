import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeControls } from '../src/index.ts'

test.each([
  ['\u001b[31mred', '\\u001b[31mred'],
  ['\u009b31m\u007f', '\\u009b31m\\u007f'],
  ['one\ntwo\tthree\r', 'one\\ntwo\\tthree\\r'],
  ['user\u202etxt.exe', 'user\\u202etxt.exe'],
  ['öß 日本 👩‍👩‍👧', 'öß 日本 👩‍👩‍👧'],
])('%j is shown as %j', (text, shown) => {
  expect(escapeControls(text)).toBe(shown)
})

test('what is to be kept stays', () => {
  expect(escapeControls('a\tb\nc\r\u001b', '\n\t')).toBe('a\tb\nc\\r\\u001b')
})

test('JSON stays the same JSON, and nothing that steers is left of any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = escapeControls(JSON.stringify(text))
      expect(JSON.parse(shown)).toBe(text)
      expect(escapeControls(text)).not.toMatch(/[\p{Cc}\u202e]/u)
    }),
  )
})
