import { isUtf8 } from 'node:buffer'
import { endBefore, type JoinedValues, type ValueTraits } from '@millrace/base'
import type { ReadMessages, RejectedMessage } from '../format.ts'
import { JsonWriter } from './json-writer.ts'
import { Undecodable } from './undecodable.ts'

/** Reads the message between two places of the block, and writes it as JSON. Returns why it is rejected, if it is. */
export type ReadMessage = (start: number, end: number, to: JsonWriter) => string | undefined

const NEWLINE = 0x0a
const LONGEST_LINE = 32 << 20
/** Binary formats are about so much shorter than JSON. */
const USUAL_GROWTH = 2

/** Reads a block of messages of a binary format, whose name reasons have, into one buffer of lines. */
export function readMessages(messages: JoinedValues, format: string, read: ReadMessage): ReadMessages {
  const { count } = messages
  const ends = new Int32Array(count)
  const rejected: RejectedMessage[] = []
  const to = new JsonWriter(messages.bytes.length * USUAL_GROWTH + count + 16)
  let longest = 0
  for (let index = 0; index < count; index++) {
    const start = to.at
    const reason = readOne(messages, index, format, read, to)
    if (reason === undefined) ends[index] = to.at
    else {
      to.at = start
      ends[index] = -1 - start
      rejected.push({ index, reason })
    }
    longest = Math.max(longest, to.at - start)
    to.byte(NEWLINE)
  }
  const lines = { count, bytes: to.finish(), ends, traits: traitsOf(rejected, longest, count) }
  return isUtf8(lines.bytes) ? { lines, rejected } : withoutBadText(lines, rejected, format)
}

function traitsOf(rejected: readonly RejectedMessage[], longest: number, count: number): ValueTraits {
  const nulls = rejected.length > 0
  return { nulls, lineBreaks: false, longest, first: nulls || count === 0 ? -1 : 0x7b }
}

function readOne(
  { ends }: JoinedValues,
  index: number,
  format: string,
  read: ReadMessage,
  to: JsonWriter,
): string | undefined {
  const end = ends[index] as number
  if (end < 0) return 'tombstone: no value'
  const start = to.at
  try {
    const reason = read(endBefore(ends, index), end, to)
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
