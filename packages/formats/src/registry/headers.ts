import { inflateSync } from 'node:zlib'
import { endBefore, type JoinedValues, joinValues, valueAt } from '@millrace/base'

/** What a message calls its schema: a number, or a UUID. */
export type SchemaKey = number | string

/** What stands before what a message carries. */
export interface MessageHeader {
  /** How many bytes it takes. */
  readonly size: number
  /** Returns the schema of the message between two places; undefined where it does not begin with such a header. */
  keyAt(view: DataView, start: number, end: number): SchemaKey | undefined
  /** Returns the block with what is compressed opened; where that can't be done the message stays as it is. */
  opened?(messages: JoinedValues): JoinedValues
}

const MAGIC = 0

/** Confluent's: a zero byte, the id of a schema in four bytes. */
export const CONFLUENT: MessageHeader = {
  size: 5,
  keyAt: (view, start, end) =>
    end - start < 5 || view.getUint8(start) !== MAGIC ? undefined : view.getUint32(start + 1),
}

/** Apicurio's: a zero byte, an id in eight bytes. */
export const APICURIO: MessageHeader = {
  size: 9,
  keyAt: (view, start, end) =>
    end - start < 9 || view.getUint8(start) !== MAGIC
      ? undefined
      : view.getUint32(start + 1) * 2 ** 32 + view.getUint32(start + 5),
}

const GLUE_SIZE = 18
const GLUE_VERSION = 3
const NOT_COMPRESSED = 0
const ZLIB = 5
/** No record may be larger. */
const LARGEST_OPENED = 32 << 20

/** AWS Glue's: its version, how the rest is compressed, the UUID of a schema's version. */
export function glueHeader(): MessageHeader {
  let last = new Uint8Array(0)
  let lastKey = ''
  return {
    size: GLUE_SIZE,
    keyAt({ buffer, byteOffset }, start, end) {
      if (end - start < GLUE_SIZE) return undefined
      const bytes = new Uint8Array(buffer, byteOffset + start, GLUE_SIZE)
      if (bytes[0] !== GLUE_VERSION || bytes[1] !== NOT_COMPRESSED) return undefined
      if (last.length === 0 || last.some((byte, i) => byte !== bytes[i + 2])) {
        last = bytes.slice(2)
        lastKey = Buffer.from(last)
          .toString('hex')
          .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      }
      return lastKey
    },
    opened: openCompressed,
  }
}

function openCompressed(messages: JoinedValues): JoinedValues {
  const { bytes, ends, count } = messages
  const isCompressed = (index: number) => {
    const [start, end] = [endBefore(ends, index), ends[index] as number]
    return end - start >= GLUE_SIZE && bytes[start] === GLUE_VERSION && bytes[start + 1] === ZLIB
  }
  const all = Array.from({ length: count }, (_, index) => index)
  if (!all.some(isCompressed)) return messages
  return joinValues(
    all.map((index) => (isCompressed(index) ? opened(valueAt(messages, index)) : valueAt(messages, index))),
  )
}

function opened(message: Uint8Array | null): Uint8Array | null {
  if (!message) return null
  try {
    const rest = inflateSync(message.subarray(GLUE_SIZE), { maxOutputLength: LARGEST_OPENED })
    const header = Buffer.from(message.subarray(0, GLUE_SIZE))
    header[1] = NOT_COMPRESSED
    return Buffer.concat([header, rest])
  } catch {
    return message
  }
}

/** Returns the schemas in the block that are not known yet; neighbours mostly have the same. */
export function unknownKeys(
  { bytes, ends, count }: JoinedValues,
  header: MessageHeader,
  known: ReadonlyMap<SchemaKey, unknown>,
): Set<SchemaKey> {
  const missing = new Set<SchemaKey>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let last: SchemaKey | undefined
  for (let index = 0; index < count; index++) {
    const key = header.keyAt(view, endBefore(ends, index), ends[index] as number)
    if (key !== undefined && key !== last && !known.has(key)) missing.add(key)
    last = key
  }
  return missing
}
