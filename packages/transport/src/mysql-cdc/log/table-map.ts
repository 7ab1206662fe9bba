import type { StoredText } from '../server/stored-texts.ts'
import { type Cursor, isSet, packed, take, unsigned } from './cursor.ts'
import { isNumeric, isTextual, metadataBytes, TYPE } from './types.ts'

export interface LogColumn {
  readonly name: string
  readonly type: number
  readonly meta: number
  readonly isUnsigned: boolean
  /** Number of the collation of a text; 63 is bytes. */
  readonly collation: number
  /** Values of an ENUM or a SET, as bytes. */
  readonly members: readonly Buffer[]
  /** Set where the bytes are those of a text. */
  readonly stored?: StoredText
}

/** A table as the log describes it in front of its changes. */
export interface TableMap {
  readonly id: number
  readonly database: string
  readonly table: string
  /** Absent where the log does not have the names of columns. */
  readonly columns: readonly LogColumn[] | undefined
  /** Indexes of the primary key's columns. */
  readonly key: readonly number[]
}

const FIELD = {
  signedness: 1,
  defaultCharset: 2,
  columnCharset: 3,
  name: 4,
  setValues: 5,
  enumValues: 6,
  simpleKey: 8,
  prefixKey: 9,
  enumDefaultCharset: 10,
  enumCharset: 11,
} as const

/** Reads the body of an event that describes a table. */
export function readTableMap(body: Buffer, isMariadb: boolean): TableMap {
  const from: Cursor = { bytes: body, at: 0 }
  const id = unsigned(from, 6)
  unsigned(from, 2)
  const database = take(from, unsigned(from, 1)).toString()
  unsigned(from, 1)
  const table = take(from, unsigned(from, 1)).toString()
  unsigned(from, 1)
  const count = packed(from)
  const types = [...take(from, count)]
  const metadata: Cursor = { bytes: take(from, packed(from)), at: 0 }
  const plain = types.map((type) => realType(type, metadata))
  take(from, (count + 7) >> 3)
  const fields = optionalFields(from)
  return { id, database, table, columns: columnsOf(plain, fields, isMariadb), key: keyOf(fields) }
}

interface Plain {
  readonly type: number
  readonly meta: number
}

/** Returns the real type: ENUM and SET have the type of a text, and their metadata says which. A text's length is split over the metadata. */
function realType(type: number, metadata: Cursor): Plain {
  const size = metadataBytes(type)
  if (type === TYPE.newDecimal || type === TYPE.string || type === TYPE.enum || type === TYPE.set) {
    const [high, low] = [unsigned(metadata, 1), unsigned(metadata, 1)]
    if (type === TYPE.newDecimal) return { type, meta: (high << 8) | low }
    if (high === TYPE.enum || high === TYPE.set) return { type: high, meta: low }
    if ((high & 0x30) === 0x30) return { type: high, meta: low }
    return { type: high | 0x30, meta: low | (((high & 0x30) ^ 0x30) << 4) }
  }
  return { type, meta: unsigned(metadata, size) }
}

type Fields = ReadonlyMap<number, Buffer>

function optionalFields(from: Cursor): Fields {
  const fields = new Map<number, Buffer>()
  while (from.at < from.bytes.length) {
    const field = unsigned(from, 1)
    fields.set(field, take(from, packed(from)))
  }
  return fields
}

function columnsOf(plain: readonly Plain[], fields: Fields, isMariadb: boolean): LogColumn[] | undefined {
  const names = listOf(fields.get(FIELD.name), text)
  if (names.length !== plain.length) return undefined
  const signs = fields.get(FIELD.signedness) ?? Buffer.alloc(0)
  const members = { [TYPE.enum]: membersOf(fields, FIELD.enumValues), [TYPE.set]: membersOf(fields, FIELD.setValues) }
  const collations = collationsOf(fields, FIELD.defaultCharset, FIELD.columnCharset)
  const ofMembers = collationsOf(fields, FIELD.enumDefaultCharset, FIELD.enumCharset)
  let [numbers, texts, lists] = [0, 0, 0]
  const taken = { [TYPE.enum]: 0, [TYPE.set]: 0 }
  return plain.map(({ type, meta }, i) => {
    const isList = type === TYPE.enum || type === TYPE.set
    return {
      ...{ name: names[i] ?? '', type, meta },
      isUnsigned: isNumeric(type, isMariadb) && isSet(signs, numbers++, 'high'),
      collation: isTextual(type, isMariadb) ? collations(texts++) : isList ? ofMembers(lists++) : 0,
      members: isList ? (members[type][taken[type]++] ?? []) : [],
    }
  })
}

const text = (from: Cursor) => take(from, packed(from)).toString()

function listOf<T>(bytes: Buffer | undefined, read: (from: Cursor) => T): T[] {
  const from: Cursor = { bytes: bytes ?? Buffer.alloc(0), at: 0 }
  const list: T[] = []
  while (from.at < from.bytes.length) list.push(read(from))
  return list
}

function membersOf(fields: Fields, field: number): Buffer[][] {
  return listOf(fields.get(field), (from) => {
    const members: Buffer[] = []
    for (let left = packed(from); left > 0; left--) members.push(take(from, packed(from)))
    return members
  })
}

/** Returns the collation of the n-th text: one for most with exceptions, or a list. */
function collationsOf(fields: Fields, byDefault: number, byColumn: number): (at: number) => number {
  const each = listOf(fields.get(byColumn), packed)
  const [usual = 0, ...pairs] = listOf(fields.get(byDefault), packed)
  const exceptions = new Map<number, number>()
  for (let i = 0; i + 1 < pairs.length; i += 2) exceptions.set(pairs[i] as number, pairs[i + 1] as number)
  return (at) => each[at] ?? exceptions.get(at) ?? usual
}

function keyOf(fields: Fields): number[] {
  const simple = listOf(fields.get(FIELD.simpleKey), packed)
  if (simple.length > 0) return simple
  return listOf(fields.get(FIELD.prefixKey), (from) => {
    const column = packed(from)
    packed(from)
    return column
  })
}
