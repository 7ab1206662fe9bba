import { isUtf8 } from 'node:buffer'

/** A byte that is no ASCII becomes a lone surrogate from here on, which no text of UTF-8 has: none of them is lost. */
const ESCAPED = 0xdc00

/** Returns a message's key as text: what it is in UTF-8, else a character for each byte. */
export function textOfKey(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = buffer.toString()
  if (!text.includes('\ufffd') || isUtf8(buffer)) return text
  return Array.from(buffer, (byte) => String.fromCharCode(byte < 0x80 ? byte : ESCAPED + byte)).join('')
}

/** Returns the bytes of a key that is given as text. */
export function bytesOfKey(text: string): Buffer {
  return text.isWellFormed() ? Buffer.from(text) : Buffer.from(text, 'latin1')
}

/** Returns the bytes of a message's key; null where it has none, or its source was not asked for it. */
export function keyAt({ keys }: { readonly keys?: readonly (string | undefined)[] }, index: number): Buffer | null {
  const key = keys?.[index]
  return key === undefined ? null : bytesOfKey(key)
}

/** Returns the key for people: what is no UTF-8 shows as U+FFFD. */
export function shownKey(text: string): string {
  return text.isWellFormed() ? text : bytesOfKey(text).toString()
}
