import { isUtf8 } from 'node:buffer'

/** Larger than any broker's usual limit; what a value of this size takes in memory while it is read is bounded by it. */
export const LARGEST_VALUE = 32 << 20

const BLANK = /^[\t\n\v\f\r ]*$/

/** The text of a message, or why it can't be a record. What JSON allows around a value is taken off. */
export function messageText(value: Uint8Array | null): { readonly text: string } | { readonly reason: string } {
  if (value === null) return { reason: 'tombstone: no value' }
  if (value.length > LARGEST_VALUE) return { reason: `too large: ${value.length} bytes, at most ${LARGEST_VALUE}` }
  if (!isUtf8(value)) return { reason: 'not JSON: invalid UTF-8' }
  if (value.includes(0)) return { reason: 'not JSON: a NUL byte' }
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
  if (BLANK.test(text)) return { reason: 'empty message' }
  // The fast path's reader takes these two around a record, so the careful one must.
  return { text: text.replace(/^[\v\f]+|[\v\f]+$/g, '') }
}
