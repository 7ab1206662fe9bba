import { inflateSync } from 'node:zlib'
import { endBefore, type JoinedValues, joinValues, valueAt } from '@millrace/base'
import type { IdsInHeaders } from '../format.ts'

/** What a message calls its schema: a number, or a UUID. */
export type SchemaKey = number | string

/**
 * How it is said behind a header which message of a Protobuf schema it is: by indexes as Confluent has them, by its place
 * among all sorted by their names as Glue has it, or by its name as Apicurio has it.
 */
export type NamesMessage = 'indexes' | 'place' | 'ref'

/** What stands before what a message carries. */
export interface MessageHeader {
  readonly namesMessage: NamesMessage
  /** Returns how many bytes the header takes of the message that begins there; it has one. */
  sizeAt(view: DataView, start: number): number
  /** Returns the schema of the message between two places; undefined where it does not begin with such a header. */
  keyAt(view: DataView, start: number, end: number): SchemaKey | undefined
  /** Makes such a header of what a message's own headers say, where producers are told to write it there. */
  readonly idsInHeaders?: IdsInHeaders
  /** Returns the block with what is compressed opened; where that can't be done the message stays as it is. */
  opened?(messages: JoinedValues): JoinedValues
}

const MAGIC = 0

/** Before the UUID of a schema, which registries of Confluent's version 8 give it. */
const UUID_MAGIC = 1
const UUID_BYTES = 16

/** Confluent's: a zero byte, the id of a schema in four bytes; or a one, and its UUID. In a header it is the same. */
export function confluentHeader(): MessageHeader {
  const uuidAt = uuidReader()
  const whole = (header: string) => (name: string, bytes: Uint8Array) => (name === header ? bytes : undefined)
  return {
    namesMessage: 'indexes',
    idsInHeaders: { value: whole('__value_schema_id'), key: whole('__key_schema_id') },
    sizeAt: (view, start) => (view.getUint8(start) === UUID_MAGIC ? 1 + UUID_BYTES : 5),
    keyAt(view, start, end) {
      if (end - start < 5) return undefined
      const magic = view.getUint8(start)
      if (magic === MAGIC) return view.getUint32(start + 1)
      return magic === UUID_MAGIC && end - start > UUID_BYTES ? uuidAt(view, start + 1) : undefined
    },
  }
}

/** Returns what reads UUIDs, of which neighbours mostly have the same. */
function uuidReader(): (view: DataView, at: number) => string {
  let last = new Uint8Array(0)
  let text = ''
  return ({ buffer, byteOffset }, at) => {
    const bytes = new Uint8Array(buffer, byteOffset + at, UUID_BYTES)
    if (last.length === 0 || last.some((byte, i) => byte !== bytes[i])) {
      last = bytes.slice()
      text = Buffer.from(last)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    }
    return text
  }
}

/** Which of Apicurio's ids a message has. */
export type ApicurioIds = 'globalIds' | 'contentIds'

/**
 * Apicurio's: a zero byte, an id in four bytes, which is not zero; or in eight, the first four of which are. Those of four
 * bytes are of contents and those of eight of versions, as its serialisers write them unless told otherwise. Returns
 * the key of a content's id as a text where both may come.
 */
export function apicurioHeader(ids: ApicurioIds | undefined): MessageHeader {
  let last = 0
  let lastKey: SchemaKey = 0
  const short = (id: number) => {
    if (ids !== undefined) return id
    if (id !== last) [last, lastKey] = [id, contentKey(id)]
    return lastKey
  }
  const inHeaders = (globalId: string, contentId: string) => (name: string, bytes: Uint8Array) => {
    const kind = name === globalId ? 'globalIds' : name === contentId ? 'contentIds' : undefined
    if (kind === undefined || bytes.length !== LONG_BYTES || kind !== (ids ?? kind)) return undefined
    const isShort = ids === undefined && kind === 'contentIds'
    return Buffer.concat([ZERO, isShort ? bytes.subarray(LONG_BYTES / 2) : bytes])
  }
  return {
    namesMessage: 'ref',
    idsInHeaders: {
      value: inHeaders('apicurio.value.globalId', 'apicurio.value.contentId'),
      key: inHeaders('apicurio.key.globalId', 'apicurio.key.contentId'),
    },
    sizeAt: (view, start) => (view.getUint32(start + 1) === 0 ? 9 : 5),
    keyAt(view, start, end) {
      if (end - start < 5 || view.getUint8(start) !== MAGIC) return undefined
      const id = view.getUint32(start + 1)
      if (id !== 0) return short(id)
      return end - start < 9 ? undefined : view.getUint32(start + 5)
    },
  }
}

const ZERO = Uint8Array.of(MAGIC)
const LONG_BYTES = 8

const CONTENT = 'content '

const contentKey = (id: number) => `${CONTENT}${id}`

/** Returns the id and its kind by which Apicurio is asked for a schema. */
export function apicurioId(key: SchemaKey, ids: ApicurioIds = 'globalIds'): string {
  return typeof key === 'string' ? `contentIds/${key.slice(CONTENT.length)}` : `${ids}/${key}`
}

const GLUE_SIZE = 18
const GLUE_VERSION = 3
const NOT_COMPRESSED = 0
const ZLIB = 5
/** No record may be larger. */
const LARGEST_OPENED = 32 << 20

/** AWS Glue's: its version, how the rest is compressed, the UUID of a schema's version. */
export function glueHeader(): MessageHeader {
  const uuidAt = uuidReader()
  return {
    namesMessage: 'place',
    sizeAt: () => GLUE_SIZE,
    keyAt(view, start, end) {
      if (end - start < GLUE_SIZE || view.getUint8(start) !== GLUE_VERSION) return undefined
      return view.getUint8(start + 1) === NOT_COMPRESSED ? uuidAt(view, start + 2) : undefined
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
