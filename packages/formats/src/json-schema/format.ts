import { endBefore, type JoinedValues } from '@millrace/base'
import type { Format, RejectedMessage } from '../format.ts'

const MAGIC = 0
const HEADER = 5
const NEWLINE = 0x0a

/**
 * JSON in Confluent's wire format: a zero byte, the id of a JSON Schema, then the record. The registry is not asked: the
 * data set says what its fields are, and rejects by that.
 */
export const jsonSchemaFormat: Format = {
  name: 'json-schema',
  readsKeys: false,
  isJsonLines: false,
  isBinary: true,
  read(messages) {
    const { count, bytes, ends } = messages
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const lines = Buffer.allocUnsafe(bytes.length)
    const lineEnds = new Int32Array(count)
    const rejected: RejectedMessage[] = []
    let at = 0
    for (let index = 0; index < count; index++) {
      const [start, end] = [endBefore(ends, index), ends[index] as number]
      const reason = faultOf(bytes, start, end)
      if (reason === undefined) at += source.copy(lines, at, start + HEADER, end)
      else rejected.push({ index, reason })
      lineEnds[index] = reason === undefined ? at : -1 - at
      lines[at++] = NEWLINE
    }
    const read = { count, bytes: lines.subarray(0, at), ends: lineEnds }
    const { lineBreaks, longest } = messages.traits
    const nulls = rejected.length > 0
    return { lines: { ...read, traits: { nulls, lineBreaks, longest, first: commonFirst(read) } }, rejected }
  },
}

function faultOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end < 0) return 'tombstone: no value'
  if (end - start > HEADER && bytes[start] === MAGIC) return undefined
  return 'not JSON of a schema: it does not begin with the id of a schema'
}

/** Returns the byte that every line begins with; -1 where they differ. */
function commonFirst({ count, bytes, ends }: Omit<JoinedValues, 'traits'>): number {
  const first = bytes[0] ?? -1
  for (let index = 0; index < count; index++) {
    const end = ends[index] as number
    if (end < 0 || bytes[endBefore(ends, index)] !== first) return -1
  }
  return count === 0 ? -1 : first
}
