import type { JsonWriter } from '../transcode/json-writer.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { SCALARS, type ValueCodec } from './scalars.ts'
import type { ProtoField, Scalar } from './schema.ts'
import { DELIMITED, FIXED32, FIXED64, GROUP, VARINT, WireReader } from './wire.ts'

const COMMA = 0x2c
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Reads the message between two places, and writes it as JSON. */
export type WriteMessage = (from: WireReader, start: number, end: number, to: JsonWriter) => void

/**
 * Writes a field of the message that ends at `end`: its first tag is at `first`, the value of its last one at `last`.
 */
export type WriteFound = (from: WireReader, first: number, last: number, end: number, to: JsonWriter) => void

/** Of several values of a single field the last one counts. */
export function single({ write }: ValueCodec): WriteFound {
  return (from, _first, last, end, to) => {
    from.at = last
    write(from, end, to)
  }
}

/** Several values of one message are its parts: together they are read as one. */
export function submessage({ isGroup, number }: ProtoField, write: WriteMessage): WriteFound {
  const tag = (number << 3) | (isGroup ? GROUP : DELIMITED)
  return (from, first, last, end, to) => {
    from.at = first
    from.tag(end)
    if (from.at === last) return writeOne(from, end, to)
    const parts: Uint8Array[] = []
    eachValue(from, first, last, end, (found) => {
      if (found !== tag) return from.skip(found, end)
      const bounds = boundsOf(from, end)
      parts.push(from.bytes.subarray(...bounds))
    })
    const whole = new WireReader(Buffer.concat(parts))
    whole.depth = from.depth
    whole.limit = from.limit
    write(whole, 0, whole.bytes.length, to)
  }

  function writeOne(from: WireReader, end: number, to: JsonWriter): void {
    write(from, ...boundsOf(from, end), to)
  }

  function boundsOf(from: WireReader, end: number): [start: number, end: number] {
    const last = isGroup ? undefined : from.delimited(end)
    const start = from.at
    const stop = last ?? from.skipGroup(tag, end)
    if (last !== undefined) from.at = last
    return [start, stop]
  }
}

/** Writes a list, whose items may be anywhere in the message, one by one or packed. */
export function list(
  item: WriteFound | ValueCodec,
  tags: { readonly own: number; readonly packed?: number },
): WriteFound {
  return (from, first, last, end, to) => {
    to.byte(OPEN_LIST)
    const start = to.at
    eachValue(from, first, last, end, (tag, tagAt) => {
      if (tag === tags.packed && typeof item !== 'function') return packed(from, end, item, start, to)
      if (tag !== tags.own) return from.skip(tag, end)
      beforeItem(from, start, to)
      if (typeof item !== 'function') return item.write(from, end, to)
      const value = from.at
      from.skip(tag, end)
      const next = from.at
      item(from, tagAt, value, end, to)
      from.at = next
    })
    to.byte(CLOSE_LIST)
  }
}

function packed(from: WireReader, end: number, { wire, write }: ValueCodec, start: number, to: JsonWriter): void {
  const last = from.delimited(end)
  const size = wire === FIXED32 ? 4 : wire === FIXED64 ? 8 : 1
  if ((last - from.at) % size !== 0) throw new Undecodable('a packed list ends within a value')
  while (from.at < last) {
    beforeItem(from, start, to)
    write(from, last, to)
  }
}

function beforeItem({ limit }: WireReader, start: number, to: JsonWriter): void {
  if (to.at > limit) throw new Undecodable('as JSON it is far larger than as Protobuf')
  if (to.at > start) to.byte(COMMA)
}

/** Writes a map as an object. Of two entries of one key the last one counts. */
export function map(
  key: Scalar,
  entry: { readonly tag: number; readonly write: WriteFound },
  none: EntryDefaults,
): WriteFound {
  const { wire } = SCALARS[key]
  const keyTag = 8 | wire
  return (from, first, last, end, to) => {
    const entries = new Map<string, readonly [first: number, last: number, end: number]>()
    eachValue(from, first, last, end, (tag) => {
      if (tag !== entry.tag) return from.skip(tag, end)
      const stop = from.delimited(end)
      const text = keyOf(from, stop, to)
      entries.delete(text.key)
      entries.set(text.key, [text.first, text.last, stop])
      from.at = stop
    })
    to.byte(OPEN_OBJECT)
    const start = to.at
    for (const [text, [valueTag, value, stop]] of entries) {
      beforeItem(from, start, to)
      to.reserve(text.length)
      to.raw(Buffer.from(text, 'latin1'))
      to.byte(0x3a)
      if (value === 0) none.write(from, to)
      else entry.write(from, valueTag - 1, value, stop, to)
    }
    to.byte(CLOSE_OBJECT)
  }

  function keyOf(from: WireReader, end: number, to: JsonWriter) {
    let [keyAt, first, last] = [0, 0, 0]
    while (from.at < end) {
      const tagAt = from.at
      const tag = from.tag(end)
      if (tag === keyTag) keyAt = from.at
      else if (none.tags.includes(tag)) {
        first ||= tagAt + 1
        last = from.at
      }
      from.skip(tag, end)
    }
    return { key: keyText(from, keyAt, end, to), first, last }
  }

  /** The key as JSON has it, always a text: it is written at the end of what there is, and taken away. */
  function keyText(from: WireReader, at: number, end: number, to: JsonWriter): string {
    const start = to.at
    if (at === 0) to.raw(SCALARS[key].fallback)
    else {
      from.at = at
      SCALARS[key].write(from, end, to)
    }
    const { buffer, byteOffset } = to.bytes
    const text = Buffer.from(buffer, byteOffset + start, to.at - start).toString('latin1')
    to.at = start
    return key === 'string' ? text : `"${text}"`
  }
}

/** What a map needs besides its entries. */
export interface EntryDefaults {
  /** Writes a value that is not there. */
  readonly write: (from: WireReader, to: JsonWriter) => void
  /** Tags that a value can have. */
  readonly tags: readonly number[]
}

/** Goes through the fields of a message from a tag to a value; `visit` reads the value behind each tag. */
function eachValue(
  from: WireReader,
  first: number,
  last: number,
  end: number,
  visit: (tag: number, tagAt: number) => void,
): void {
  from.at = first
  for (;;) {
    const tagAt = from.at
    const tag = from.tag(end)
    const value = from.at
    visit(tag, tagAt)
    if (value >= last) return
  }
}

/** Returns whether several of these values may come packed in one. */
export function isPackable({ wire }: ValueCodec): boolean {
  return wire === VARINT || wire === FIXED32 || wire === FIXED64
}
