import { Undecodable } from '../transcode/undecodable.ts'
import { isPackable, list, map, single, submessage, type WriteFound, type WriteMessage } from './fields.ts'
import { enumCodec, SCALARS, type ValueCodec } from './scalars.ts'
import type { ProtoField, ProtoMessage, ProtoType } from './schema.ts'
import { isUnwrapped, wellKnown } from './well-known.ts'
import { DELIMITED, GROUP, type WireReader } from './wire.ts'

const COMMA = 0x2c
const [OPEN_OBJECT, CLOSE_OBJECT] = [0x7b, 0x7d]
const NULL = Buffer.from('null')

export interface CompiledField {
  readonly key: Uint8Array
  /** The tags that its values can have. */
  readonly tags: readonly number[]
  readonly write: WriteFound
  /** JSON of the field where it is not there; nothing is written where there is none. */
  readonly fallback?: Uint8Array
  readonly field: ProtoField
}

/** Compiles a message to what writes it as JSON. */
export function compileMessage(message: ProtoMessage, known: Map<ProtoMessage, WriteMessage>): WriteMessage {
  const before = known.get(message)
  if (before) return before
  const special = wellKnown(message.name)
  if (special) return special
  let body: WriteMessage | undefined
  const write: WriteMessage = (from, start, end, to) => body?.(from, start, end, to)
  known.set(message, write)
  const fields = message.fields.map((field) => compileField(field, known))
  const find = finderOf(fields)
  body = isUnwrapped(message.name) ? valueAlone(fields, find) : asObject(fields, find)
  return write
}

/** Notes where each field is in the message: its first tag, and the value of its last one. */
type FindFields = (from: WireReader, base: number, start: number, end: number) => void

export function finderOf(fields: readonly CompiledField[]): FindFields {
  const byTag = new Map(fields.flatMap(({ tags }, i) => tags.map((tag) => [tag, i] as const)))
  const small = new Int16Array(2048).fill(-1)
  for (const [tag, i] of byTag) if (tag < small.length) small[tag] = i
  const rivals = fields.map(({ field }, i) =>
    field.oneof === undefined
      ? undefined
      : fields.flatMap((other, j) => (j !== i && other.field.oneof === field.oneof ? [j] : [])),
  )
  return (from, base, start, end) => {
    const { found } = from
    from.at = start
    while (from.at < end) {
      const tagAt = from.at
      const tag = from.tag(end)
      const i = tag < 2048 ? (small[tag] as number) : (byTag.get(tag) ?? -1)
      if (i >= 0) {
        const place = base + 2 * i
        if (found[place] === 0) found[place] = tagAt + 1
        found[place + 1] = from.at
        const others = rivals[i]
        if (others) for (const other of others) found[base + 2 * other] = 0
      }
      from.skip(tag, end)
    }
  }
}

/** A field that is not there is null, as the engine's casts ask. */
function asObject(fields: readonly CompiledField[], find: FindFields): WriteMessage {
  return (from, start, end, to) => {
    if (to.at > from.limit) throw new Undecodable('as JSON it is far larger than as Protobuf')
    const base = from.enter(fields.length)
    find(from, base, start, end)
    to.byte(OPEN_OBJECT)
    for (let i = 0; i < fields.length; i++) {
      const { key, write, fallback = NULL, field } = fields[i] as CompiledField
      const first = from.found[base + 2 * i] as number
      if (first === 0) refuseMissing(field)
      if (i > 0) to.byte(COMMA)
      to.raw(key)
      if (first === 0) to.raw(fallback)
      else write(from, first - 1, from.found[base + 2 * i + 1] as number, end, to)
    }
    to.byte(CLOSE_OBJECT)
    from.leave(base)
  }
}

export function refuseMissing({ isRequired, name }: ProtoField): void {
  if (isRequired) throw new Undecodable(`the required field ${name} is missing`)
}

/** A message that only wraps a value is written as the value. */
function valueAlone(fields: readonly CompiledField[], find: FindFields): WriteMessage {
  return (from, start, end, to) => {
    const base = from.enter(fields.length)
    find(from, base, start, end)
    const i = fields.findIndex((_, index) => from.found[base + 2 * index] !== 0)
    const place = base + 2 * i
    if (i >= 0) fields[i]?.write(from, (from.found[place] as number) - 1, from.found[place + 1] as number, end, to)
    else to.raw(fields.find(({ fallback }) => fallback)?.fallback ?? NULL)
    from.leave(base)
  }
}

export function compileField(field: ProtoField, known: Map<ProtoMessage, WriteMessage>): CompiledField {
  const { name, number, type, shape } = field
  const key = Buffer.from(`${JSON.stringify(name)}:`)
  if (typeof shape === 'object') return { key, field, ...mapField(field, shape.mapKey, known) }
  const value = codecOf(field, type, known)
  const own = tagOf(number, value.wire)
  if (shape === 'list') {
    const packed = value.codec && isPackable(value.codec) ? tagOf(number, DELIMITED) : undefined
    const tags = { own, ...(packed !== undefined && { packed }) }
    const fallback = Buffer.from('[]')
    return { key, field, tags: Object.values(tags), write: list(value.codec ?? value.found, tags), fallback }
  }
  const always = value.codec && !field.hasPresence && !field.isRequired ? { fallback: value.codec.fallback } : {}
  return { key, field, tags: [own], write: value.found, ...always }
}

function mapField(field: ProtoField, key: Parameters<typeof map>[0], known: Map<ProtoMessage, WriteMessage>) {
  const value = codecOf({ ...field, number: 2, isGroup: false }, field.type, known)
  const tag = tagOf(field.number, DELIMITED)
  const write = map(
    key,
    { tag, write: value.found },
    {
      tags: [tagOf(2, value.wire)],
      write(from, to) {
        if (value.codec) to.raw(value.codec.fallback)
        else value.message?.(from, 0, 0, to)
      },
    },
  )
  return { tags: [tag], write, fallback: Buffer.from('{}') }
}

interface FieldValue {
  readonly wire: number
  readonly found: WriteFound
  readonly codec?: ValueCodec
  readonly message?: WriteMessage
}

function codecOf(field: ProtoField, type: ProtoType, known: Map<ProtoMessage, WriteMessage>): FieldValue {
  if (type.kind === 'message') {
    const message = compileMessage(type.message, known)
    return { wire: field.isGroup ? GROUP : DELIMITED, found: submessage(field, message), message }
  }
  const codec = type.kind === 'enum' ? enumCodec(type.symbols, type.name) : SCALARS[type.scalar]
  return { wire: codec.wire, found: single(codec), codec }
}

/** Without a sign: the highest numbers of fields need all 32 bits. */
function tagOf(number: number, wire: number): number {
  return ((number << 3) | wire) >>> 0
}
