/** A field of a struct in Thrift's compact protocol: its number, and its value. */
export type ThriftField = readonly [id: number, value: ThriftValue]

export type ThriftValue =
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly text: string }
  | { readonly struct: readonly ThriftField[] }
  | { readonly list: readonly ThriftValue[] }

const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12]

/** Returns a struct in the compact protocol. */
export function thriftStruct(fields: readonly ThriftField[]): Buffer {
  const bytes: number[] = []
  writeStruct(fields, bytes)
  return Buffer.from(bytes)
}

function writeStruct(fields: readonly ThriftField[], to: number[]): void {
  let before = 0
  for (const [id, value] of fields) {
    to.push(((id - before) << 4) | typeOf(value))
    before = id
    writeValue(value, to)
  }
  to.push(0)
}

function writeValue(value: ThriftValue, to: number[]): void {
  if ('i32' in value) writeVarint(value.i32 * 2, to)
  else if ('i64' in value) writeVarint(value.i64 * 2, to)
  else if ('text' in value) {
    const bytes = Buffer.from(value.text)
    writeVarint(bytes.length, to)
    to.push(...bytes)
  } else if ('struct' in value) writeStruct(value.struct, to)
  else {
    const [first] = value.list
    const type = first ? typeOf(first) : STRUCT
    if (value.list.length < 15) to.push((value.list.length << 4) | type)
    else {
      to.push(0xf0 | type)
      writeVarint(value.list.length, to)
    }
    for (const each of value.list) writeValue(each, to)
  }
}

function typeOf(value: ThriftValue): number {
  if ('i32' in value) return I32 as number
  if ('i64' in value) return I64 as number
  if ('text' in value) return BINARY as number
  return ('struct' in value ? STRUCT : LIST) as number
}

/** Writes a number of at most 53 bits that is not below zero. */
export function writeVarint(value: number, to: number[]): void {
  let rest = value
  while (rest >= 0x80) {
    to.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  to.push(rest)
}
