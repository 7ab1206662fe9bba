import { endBefore, shownKey } from '@millrace/base'
import { addColumns, type RawMessages, type ReadMessages } from '@millrace/formats'
import type { Dataset } from '../dataset/dataset.ts'
import { type Field, TIMESTAMP_SHAPES } from '../dataset/fields.ts'
import type { MetadataSource } from '../dataset/metadata.ts'
import type { ReadKeys } from './message-keys.ts'
import { DELETED } from './sql/changes.ts'
import { deletesByTombstone, deletesOf } from './tombstones.ts'

/** Returns the data set with what it wants of a message beside its value as fields of the lines that are cleaned. */
export function withMetadataFields(dataset: Dataset): Dataset {
  const fields = dataset.metadata.map(
    ({ name, type }): Field => ({ name, type, aliases: [], shapes: TIMESTAMP_SHAPES, hiddenName: memberName(name) }),
  )
  const mark: Field = { name: DELETED, type: 'boolean', aliases: [], shapes: [], hiddenName: memberName(DELETED) }
  return { ...dataset, fields: [...dataset.fields, ...fields, ...(deletesByTombstone(dataset) ? [mark] : [])] }
}

/** A message that has a member of this name itself has it twice, and is rejected: nobody can forge what a source says. */
function memberName(name: string): string {
  return `millrace:${name}`
}

const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d
const COMMA = 0x2c
const LINE_FEED = 0x0a
const BLANKS: readonly number[] = [0x20, 0x09, 0x0a, 0x0d]

/**
 * Puts what the data set wants of each message into its record, in front of the record's own members. A line that is no
 * object stays as it is.
 */
export function addMetadata(
  dataset: Dataset,
  raw: RawMessages,
  read: ReadMessages,
  keys: ReadKeys | undefined,
): ReadMessages {
  const { metadata } = dataset
  if (metadata.length === 0) return read
  const members = metadata.map(({ name, from }) => ({
    name: memberName(name),
    jsonOf: valuesOf(from, raw, read, keys),
  }))
  const isDelete = deletesByTombstone(dataset) ? deletesOf(raw, read) : undefined
  if (isDelete) members.push({ name: memberName(DELETED), jsonOf: (index) => (isDelete(index) ? 'true' : 'null') })
  if (read.columns) return addColumns(read, read.columns, members)
  const { lines } = read
  const writers = members.map(({ name, jsonOf }) => memberWriter(name, jsonOf))
  const page = growingBuffer(lines.bytes.length + lines.count * members.length * USUAL_MEMBER_BYTES)
  const ends = new Int32Array(lines.count)
  let [longest, first, nulls] = [0, -1, false]
  for (let i = 0; i < lines.count; i++) {
    const [start, end] = [endBefore(lines.ends, i), lines.ends[i] as number]
    const began = page.size
    const isNull = end < 0 && !isDelete?.(i)
    const line = end < 0 ? NO_MEMBERS : lines.bytes.subarray(start, end)
    if (!isNull) writeLine(page, line, (at) => writers[at]?.(page, i), writers.length)
    ends[i] = isNull ? -1 - page.size : page.size
    nulls ||= isNull
    longest = Math.max(longest, page.size - began)
    const firstByte = page.size > began ? page.at(began) : -1
    first = i === 0 || firstByte === first ? firstByte : -1
    page.byte(LINE_FEED)
  }
  const traits = { ...lines.traits, nulls, longest, first }
  return { ...read, lines: { count: lines.count, bytes: page.bytes(), ends, traits } }
}

const USUAL_MEMBER_BYTES = 48
const NO_MEMBERS = Buffer.from('{}')

function writeLine(
  page: GrowingBuffer,
  bytes: Uint8Array,
  writeMember: (member: number) => void,
  members: number,
): void {
  const end = bytes.length
  const opening = skipBlanks(bytes, 0, end)
  if (opening === end || bytes[opening] !== OPENING_BRACE) {
    page.copy(bytes, 0, end)
    return
  }
  page.byte(OPENING_BRACE)
  for (let member = 0; member < members; member++) {
    if (member > 0) page.byte(COMMA)
    writeMember(member)
  }
  const next = skipBlanks(bytes, opening + 1, end)
  if (next < end && bytes[next] !== CLOSING_BRACE) page.byte(COMMA)
  page.copy(bytes, opening + 1, end)
}

function skipBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && BLANKS.includes(bytes[at] as number)) at++
  return at
}

/** Returns a message's value as JSON. */
type TextOf = (index: number) => string

function valuesOf(
  from: MetadataSource,
  { keys, headers, times, offsets, partition }: RawMessages,
  { schemaKey }: ReadMessages,
  readKeys: ReadKeys | undefined,
): TextOf {
  if (from.startsWith('key.')) {
    const name = from.slice('key.'.length)
    return (index) => JSON.stringify(readKeys?.memberOf(index, name) ?? null)
  }
  switch (from) {
    case 'schema':
      return (index) => JSON.stringify(schemaKey?.(index)?.toString() ?? null)
    case 'key':
      if (readKeys) return (index) => JSON.stringify(readKeys.textOf(index) ?? null)
      return (index) => {
        const key = keys?.[index]
        return key === undefined ? 'null' : JSON.stringify(shownKey(key))
      }
    case 'headers':
      return (index) => JSON.stringify(headers?.[index] ?? null)
    case 'timestamp': {
      const date = new Date(0)
      return (index) => {
        const time = times?.[index]
        if (time === undefined || Number.isNaN(date.setTime(time))) return 'null'
        return `"${date.toISOString()}"`
      }
    }
    case 'offset':
      return (index) => JSON.stringify(offsets === undefined ? null : String(offsets[index]))
    case 'topic':
    case 'partition': {
      const value = JSON.stringify(partition?.[from === 'topic' ? 'topic' : 'id'] ?? null)
      return () => value
    }
    default: {
      const name = from.slice('header:'.length)
      return (index) => {
        const text = headers?.[index]
        return text === undefined ? 'null' : JSON.stringify(new Map(Object.entries(JSON.parse(text))).get(name) ?? null)
      }
    }
  }
}

function memberWriter(name: string, textOf: TextOf): (page: GrowingBuffer, index: number) => void {
  const head = Buffer.from(`${JSON.stringify(name)}:`)
  return (page, index) => {
    page.copy(head, 0, head.length)
    page.text(textOf(index))
  }
}

interface GrowingBuffer {
  readonly size: number
  at(index: number): number
  byte(byte: number): void
  text(text: string): void
  copy(bytes: Uint8Array, from: number, to: number): void
  bytes(): Uint8Array
}

function growingBuffer(expected: number): GrowingBuffer {
  let buffer = Buffer.allocUnsafeSlow(expected)
  let size = 0
  const makeRoom = (more: number) => {
    if (size + more <= buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, size + more))
    buffer.copy(larger, 0, 0, size)
    buffer = larger
  }
  return {
    get size() {
      return size
    },
    at: (index) => buffer[index] as number,
    byte(byte) {
      makeRoom(1)
      buffer[size++] = byte
    },
    text(text) {
      makeRoom(text.length * 3)
      size += buffer.write(text, size)
    },
    copy(bytes, from, to) {
      makeRoom(to - from)
      buffer.set(bytes.subarray(from, to), size)
      size += to - from
    },
    bytes: () => buffer.subarray(0, size),
  }
}
