import { isUtf8 } from 'node:buffer'
import { endBefore, type JoinedValues, type ValueTraits } from '@millrace/base'
import type { ReadMessages, RejectedMessage } from '../format.ts'
import { JsonWriter } from './json-writer.ts'
import { Undecodable } from './undecodable.ts'
import { placeMessages } from './work-memory.ts'

/** Reads the message between two places of the bytes, and writes it as JSON. Returns why it is rejected, if it is. */
export type ReadMessage = (start: number, end: number, to: JsonWriter) => string | undefined

/** Opens bytes of messages one after another; what it returns reads them until others are opened. */
export type OpenMessages = (bytes: Uint8Array) => ReadMessage

const NEWLINE = 0x0a
const LONGEST_LINE = 32 << 20
/** Binary formats are about so much shorter than JSON. */
const USUAL_GROWTH = 2

/** Messages that are read before their lines are copied to those of the block: the memory for it is small, and stays warm. */
const PORTION_BYTES = 2 << 20

/** Reads a block of messages of a binary format, whose name reasons have, into one buffer of lines. */
export function readMessages(messages: JoinedValues, format: string, open: OpenMessages): ReadMessages {
  const { count } = messages
  const ends = new Int32Array(count)
  const rejected: RejectedMessage[] = []
  let bytes = Buffer.alloc(0)
  let [size, longest] = [0, 0]
  for (let first = 0; first < count; ) {
    const next = endOfPortion(messages, first)
    const begin = endBefore(messages.ends, first)
    const portion = messages.bytes.subarray(begin, endBefore(messages.ends, next))
    const read = open(placeMessages(portion))
    const to = new JsonWriter(portion.length * USUAL_GROWTH + next - first + 16)
    for (let index = first; index < next; index++) {
      const start = to.at
      const reason = readOne(messages, index, begin, format, read, to)
      if (reason === undefined) ends[index] = size + to.at
      else {
        to.at = start
        ends[index] = -1 - size - start
        rejected.push({ index, reason })
      }
      longest = Math.max(longest, to.at - start)
      to.byte(NEWLINE)
    }
    bytes = withRoom(bytes, size, to.at, messages.bytes.length / (begin + portion.length))
    size += to.finishInto(bytes.subarray(size))
    first = next
  }
  const lines = { count, bytes: bytes.subarray(0, size), ends, traits: traitsOf(rejected, longest, count) }
  return isUtf8(lines.bytes) ? { lines, rejected } : withoutBadText(lines, rejected, format)
}

/** Returns the first message behind those that are read together with this one. */
export function endOfPortion({ ends, count }: JoinedValues, first: number): number {
  const most = endBefore(ends, first) + PORTION_BYTES
  let next = first + 1
  while (next < count && endBefore(ends, next + 1) <= most) next++
  return next
}

/** Returns bytes with room for so many more behind the first ones; `share` says how much larger all are than those read. */
export function withRoom(bytes: Buffer<ArrayBuffer>, size: number, more: number, share: number): Buffer<ArrayBuffer> {
  if (size + more <= bytes.length) return bytes
  const larger = Buffer.allocUnsafeSlow(Math.ceil((size + more) * Math.max(1, share) * SPARE))
  larger.set(bytes.subarray(0, size))
  return larger
}

/** What is not written to takes no memory. */
const SPARE = 1.1

function traitsOf(rejected: readonly RejectedMessage[], longest: number, count: number): ValueTraits {
  const nulls = rejected.length > 0
  return { nulls, lineBreaks: false, longest, first: nulls || count === 0 ? -1 : 0x7b }
}

function readOne(
  { ends }: JoinedValues,
  index: number,
  begin: number,
  format: string,
  read: ReadMessage,
  to: JsonWriter,
): string | undefined {
  const end = ends[index] as number
  if (end < 0) return 'tombstone: no value'
  const start = to.at
  try {
    const reason = read(endBefore(ends, index) - begin, end - begin, to)
    if (reason !== undefined) return reason
    return to.at - start > LONGEST_LINE ? 'too large: as JSON it has more than 32 MiB' : undefined
  } catch (error) {
    if (error instanceof Undecodable) return `not ${format} of its schema: ${error.message}`
    throw error
  }
}

/** Rejects the messages that hold a text which is not UTF-8: one of them would spoil the lines of all. */
function withoutBadText(lines: JoinedValues, rejected: RejectedMessage[], format: string): ReadMessages {
  const ends = lines.ends.slice()
  for (let index = 0; index < lines.count; index++) {
    const end = ends[index] as number
    if (end < 0 || isUtf8(lines.bytes.subarray(endBefore(ends, index), end))) continue
    ends[index] = -1 - end
    rejected.push({ index, reason: `not ${format} of its schema: a text is not UTF-8` })
  }
  rejected.sort((a, b) => a.index - b.index)
  return { lines: { ...lines, ends, traits: { ...lines.traits, nulls: true, first: -1 } }, rejected }
}
