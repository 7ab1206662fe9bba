import { endBefore, type JoinedValues, joinValues, valueAt } from '@millrace/base'
import type { UnpackedMessages } from '../format.ts'
import { mayHoldLists } from './closer-look.ts'
import { isSpace } from './record-text.ts'

/** The most records that one message may hold: it is committed as a whole. */
export const MOST_RECORDS_A_MESSAGE = 100_000

/** A portion ends with the message that brings it to so many records. */
const PORTION_RECORDS = 50_000

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Returns the messages with every list of objects split into its objects, in portions; undefined where there is no list. */
export function unpackLists(messages: JoinedValues): Iterable<UnpackedMessages> | undefined {
  return mayHoldLists(messages.traits) && someBeginsList(messages) ? portionsOf(messages) : undefined
}

function someBeginsList({ bytes, ends, count }: JoinedValues): boolean {
  for (let index = 0; index < count; index++) {
    // Never looks beyond the value's end, where its newline is: newlines alone are what a million empty records look like.
    const end = endBefore(ends, index + 1) - 1
    let at = endBefore(ends, index)
    while (at < end && isSpace(bytes[at])) at++
    if (at < end && bytes[at] === OPEN_LIST) return true
  }
  return false
}

function* portionsOf(messages: JoinedValues): Generator<UnpackedMessages> {
  for (let next = 0; next < messages.count; ) {
    const [records, message, place]: [(Uint8Array | null)[], number[], number[]] = [[], [], []]
    for (; next < messages.count && records.length < PORTION_RECORDS; next++) {
      const value = valueAt(messages, next)
      const listed = value && recordsOfList(value)
      for (const [i, record] of (listed ?? [value]).entries()) {
        records.push(record)
        message.push(next)
        place.push(listed ? i : -1)
      }
    }
    yield { values: joinValues(records), message: Int32Array.from(message), place: Int32Array.from(place), next }
  }
}

/**
 * Returns the objects of a list that holds objects alone, and at least one. It looks at brackets and texts only:
 * whether an object is a record is found where it is read.
 */
function recordsOfList(value: Uint8Array): Uint8Array[] | undefined {
  const records: Uint8Array[] = []
  let at = afterSpace(value, 0)
  if (value[at] !== OPEN_LIST) return undefined
  do {
    const start = afterSpace(value, at + 1)
    const end = endOfObject(value, start)
    if (end === undefined || records.length === MOST_RECORDS_A_MESSAGE) return undefined
    records.push(value.subarray(start, end))
    at = afterSpace(value, end)
  } while (value[at] === COMMA)
  return value[at] === CLOSE_LIST && afterSpace(value, at + 1) === value.length ? records : undefined
}

function endOfObject(value: Uint8Array, start: number): number | undefined {
  if (value[start] !== OPEN_OBJECT) return undefined
  for (let [at, depth] = [start, 0]; at < value.length; at++) {
    const byte = value[at]
    if (byte === QUOTE) at = endOfText(value, at)
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--
    if (depth === 0) return byte === CLOSE_OBJECT ? at + 1 : undefined
  }
  return undefined
}

/** Returns where the quote is that ends a text. */
function endOfText(value: Uint8Array, start: number): number {
  let at = start + 1
  while (at < value.length && value[at] !== QUOTE) at += value[at] === BACKSLASH ? 2 : 1
  return at
}

function afterSpace(value: Uint8Array, from: number): number {
  let at = from
  while (isSpace(value[at])) at++
  return at
}
