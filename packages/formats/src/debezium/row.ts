import type { JsonWriter } from '../transcode/json-writer.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import type { Change } from './envelope.ts'
import { afterSpace, Members } from './members.ts'

const [OPEN, CLOSE, COMMA, QUOTE, COLON, NULL] = [0x7b, 0x7d, 0x2c, 0x22, 0x3a, 0x6e]
const DELETED = Buffer.from('"millrace_deleted":true')
const TRUNCATED = Buffer.from(',"millrace_truncated":true')
const [YES, NO] = [Buffer.from('"true"'), Buffer.from('"false"')]

const members = new Members()

/** Writes a change's row as a line. */
export function writeRow(bytes: Uint8Array, change: Change, to: JsonWriter): void {
  to.byte(OPEN)
  const start = to.at
  if (change.isDelete) to.raw(DELETED)
  if (change.isTruncate) to.raw(TRUNCATED)
  for (const { member, start: from, end } of change.added) {
    if (from < 0 && member.from !== 'deleted') continue
    separate(to, start)
    to.raw(member.head)
    if (member.from === 'deleted') to.raw(change.isDelete ? YES : NO)
    else to.raw(bytes.subarray(from, end))
  }
  if (change.start === change.end) {
    to.byte(CLOSE)
    return
  }
  if (change.conversions.size > 0) writeColumns(bytes, change, to, start)
  else copyColumns(bytes, change, to, start)
  to.byte(CLOSE)
}

/** Copies what is between the braces, whatever it is: whether it is well formed is found by who reads the line. */
function copyColumns(bytes: Uint8Array, { start, end }: Change, to: JsonWriter, lineStart: number): void {
  const from = afterSpace(bytes, afterSpace(bytes, start, end) + 1, end)
  const last = bytes.lastIndexOf(CLOSE, end - 1)
  if (last <= from) return
  separate(to, lineStart)
  to.raw(bytes.subarray(from, last))
}

function writeColumns(bytes: Uint8Array, { start, end, conversions }: Change, to: JsonWriter, lineStart: number): void {
  if (!members.open(bytes, start, end)) throw new Undecodable('its row is no object')
  while (members.next()) {
    separate(to, lineStart)
    to.byte(QUOTE)
    to.raw(bytes.subarray(members.nameStart, members.nameEnd))
    to.byte(QUOTE)
    to.byte(COLON)
    const name = conversions.size > 0 ? nameOf(bytes) : undefined
    const convert = name === undefined ? undefined : conversions.get(name)
    if (!convert || bytes[members.start] === NULL) to.raw(bytes.subarray(members.start, members.end))
    else orColumn(name ?? '', () => convert(bytes, members.start, members.end, to))
  }
  if (members.objectEnd < 0) throw new Undecodable('its row is not well formed')
}

function orColumn(name: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    if (error instanceof Undecodable) throw new Undecodable(`column ${name.slice(0, 80)}: ${error.message}`)
    throw error
  }
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + members.nameStart, members.nameEnd - members.nameStart).toString()
}

function separate(to: JsonWriter, start: number): void {
  if (to.at > start) to.byte(COMMA)
}
