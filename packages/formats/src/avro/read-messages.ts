import { isUtf8 } from 'node:buffer'
import { endBefore, type JoinedValues, type ValueTraits } from '@millrace/base'
import type { ReadMessages, RejectedMessage } from '../format.ts'
import { AvroReader, Undecodable } from './reader.ts'
import type { Transcode } from './transcode.ts'
import { JsonWriter } from './writer.ts'

/** Reads what stands before a message's value; returns what reads the value, or why the message is rejected. */
export type PlanOf = (from: AvroReader) => Transcode | string

const NEWLINE = 0x0a
const LONGEST_LINE = 32 << 20
/** Avro is about so much shorter than JSON. */
const USUAL_GROWTH = 3

/** Reads a block: each message as `planOf` says, into one buffer of lines. */
export function readMessages(messages: JoinedValues, planOf: PlanOf): ReadMessages {
  const { count } = messages
  const ends = new Int32Array(count)
  const rejected: RejectedMessage[] = []
  const from = new AvroReader()
  from.open(messages.bytes)
  const to = new JsonWriter(messages.bytes.length * USUAL_GROWTH + count + 16)
  let longest = 0
  for (let index = 0; index < count; index++) {
    const start = to.at
    const reason = readMessage(messages, index, planOf, from, to)
    if (reason === undefined) ends[index] = to.at
    else {
      to.at = start
      ends[index] = -1 - start
      rejected.push({ index, reason })
    }
    longest = Math.max(longest, to.at - start)
    to.byte(NEWLINE)
  }
  const lines = { count, bytes: to.bytes.subarray(0, to.at), ends, traits: traitsOf(rejected, longest, count) }
  return isUtf8(lines.bytes) ? { lines, rejected } : withoutBadText(lines, rejected)
}

function traitsOf(rejected: readonly RejectedMessage[], longest: number, count: number): ValueTraits {
  const nulls = rejected.length > 0
  return { nulls, lineBreaks: false, longest, first: nulls || count === 0 ? -1 : 0x7b }
}

function readMessage(
  { ends }: JoinedValues,
  index: number,
  planOf: PlanOf,
  from: AvroReader,
  to: JsonWriter,
): string | undefined {
  const end = ends[index] as number
  if (end < 0) return 'tombstone: no value'
  const start = to.at
  from.begin(endBefore(ends, index), end)
  try {
    const plan = planOf(from)
    if (typeof plan === 'string') return plan
    plan(from, to)
    if (from.at < from.end) return `not Avro of its schema: ${from.end - from.at} bytes are left over`
    return to.at - start > LONGEST_LINE ? 'too large: as JSON it has more than 32 MiB' : undefined
  } catch (error) {
    if (error instanceof Undecodable) return `not Avro of its schema: ${error.message}`
    throw error
  }
}

/** Rejects the messages that hold a text which is not UTF-8: one of them would spoil the lines of all. */
function withoutBadText(lines: JoinedValues, rejected: RejectedMessage[]): ReadMessages {
  const ends = lines.ends.slice()
  for (let index = 0; index < lines.count; index++) {
    const end = ends[index] as number
    if (end < 0 || isUtf8(lines.bytes.subarray(endBefore(ends, index), end))) continue
    ends[index] = -1 - end
    rejected.push({ index, reason: 'not Avro of its schema: a text is not UTF-8' })
  }
  rejected.sort((a, b) => a.index - b.index)
  return { lines: { ...lines, ends, traits: { ...lines.traits, nulls: true, first: -1 } }, rejected }
}
