import { bytesOfKey, shownKey, textOfKey } from '@millrace/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test('a key that is UTF-8 is that text, with U+FFFD in it or without', () => {
  for (const text of ['', 'order-7', 'Straße', '\u{1f600}', 'a\ufffdb', '\0\n']) {
    expect(textOfKey(Buffer.from(text))).toBe(text)
    expect(shownKey(text)).toBe(text)
  }
})

test('no byte of a key is lost, whatever it is, and JSON keeps it', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = textOfKey(bytes)
      expect(Uint8Array.from(bytesOfKey(text))).toEqual(bytes)
      expect(JSON.parse(JSON.stringify([text]))).toEqual([text])
      expect(shownKey(text)).toBe(Buffer.from(bytes).toString())
    }),
  )
})
