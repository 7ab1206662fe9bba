import { isUtf8 } from 'node:buffer'

/** Maximum size of a record; larger than any broker's usual limit. */
const LARGEST_VALUE = 32 << 20

/** Maximum of a record's keys and values, as a parser needs memory for each: 20 MiB of `1,1,1` need 500 MiB. */
const MOST_PARTS = 1 << 20

/** Returns the text of a message, or why it cannot be a record. */
export function recordText(value: Uint8Array | null): { readonly text: string } | { readonly reason: string } {
  if (value === null) return { reason: 'tombstone: no value' }
  if (value.length > LARGEST_VALUE) return { reason: `too large: ${value.length} bytes, at most ${LARGEST_VALUE}` }
  if (!isUtf8(value)) return { reason: 'not JSON: invalid UTF-8' }
  if (value.includes(0)) return { reason: 'not JSON: a NUL byte' }
  if (value.length > MOST_PARTS && parts(value) > MOST_PARTS)
    return { reason: `too large: more than ${MOST_PARTS} parts` }
  const record = withoutSpaceAround(value)
  if (record.length === 0) return { reason: 'empty message' }
  return { text: Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString('utf8') }
}

/** DuckDB's fast reader takes two more kinds of space around a record than JSON has, so the closer look must too. */
function withoutSpaceAround(value: Uint8Array): Uint8Array {
  let [from, to] = [0, value.length]
  while (from < to && isSpace(value[from])) from++
  while (to > from && isSpace(value[to - 1])) to--
  return value.subarray(from, to)
}

/** A blank, or one of tab, line feed, vertical tab, form feed, carriage return. */
export function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))
}

const [COMMA, COLON, QUOTE, BRACKET, BACKSLASH, BRACE] = Buffer.from(',:"[\\{')

/** Returns how many keys and values a record has at most. */
function parts(value: Uint8Array): number {
  let [count, inText] = [1, false]
  for (let at = 0; at < value.length; at++) {
    const byte = value[at]
    if (byte === QUOTE) inText = !inText
    else if (inText) at += byte === BACKSLASH ? 1 : 0
    else if (byte === COMMA || byte === COLON || byte === BRACKET || byte === BRACE) count++
  }
  return count
}
