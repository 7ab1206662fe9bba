import { writeBase64, writeDouble, writeLong } from '../transcode/numbers.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { writeLogical } from './logical.ts'
import type { AvroReader } from './reader.ts'
import type { AvroRecord, AvroType } from './schema.ts'
import type { Transcode } from './transcode.ts'

const DEEPEST = 200
const COMMA = 0x2c
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d
const [NULL, TRUE, FALSE] = ['null', 'true', 'false'].map((word) => Buffer.from(word)) as [Buffer, Buffer, Buffer]

/** Compiles a type to what reads one value. */
export function transcoderOf(type: AvroType, known: Map<AvroRecord, Transcode>): Transcode {
  switch (type.kind) {
    case 'null':
      return (_, to) => to.raw(NULL)
    case 'boolean':
      return (from, to) => to.raw(readBoolean(from))
    case 'int':
    case 'long':
      return type.logical ? writeLogical(type, type.logical) : type.kind === 'int' ? writeInt : writeSigned
    case 'float':
      return (from, to) => writeDouble(from.view.getFloat32(from.skip(4), true), to)
    case 'double':
      return (from, to) => writeDouble(from.view.getFloat64(from.skip(8), true), to)
    case 'string':
      return writeText
    case 'bytes':
    case 'fixed':
      return type.logical ? writeLogical(type, type.logical) : writeBytes(type)
    case 'enum':
      return enumOf(type.symbols)
    case 'array':
      return listOf(transcoderOf(type.items, known), 0x5b, 0x5d)
    case 'map':
      return listOf(entryOf(transcoderOf(type.values, known)), OPENING_BRACE, CLOSING_BRACE)
    case 'union':
      return unionOf(type.branches.map((branch) => transcoderOf(branch, known)))
    case 'record':
      return recordOf(type, known)
  }
}

/** A record within others: a record that holds itself is compiled once. */
function recordOf(type: AvroRecord, known: Map<AvroRecord, Transcode>): Transcode {
  const before = known.get(type)
  if (before) return before
  let fields: Transcode | undefined
  const transcode: Transcode = (from, to) => {
    if (++from.depth > DEEPEST) throw new Undecodable(`it is nested deeper than ${DEEPEST} records`)
    fields?.(from, to)
    from.depth--
  }
  known.set(type, transcode)
  fields = fieldsOf(type, known)
  return transcode
}

function fieldsOf({ fields }: AvroRecord, known: Map<AvroRecord, Transcode>): Transcode {
  const keys = fields.map(({ name }) => Buffer.from(`${JSON.stringify(name)}:`))
  const steps = fields.map(({ type }) => transcoderOf(type, known))
  return (from, to) => {
    to.byte(OPENING_BRACE)
    for (let i = 0; i < steps.length; i++) {
      if (i > 0) to.byte(COMMA)
      to.raw(keys[i] as Uint8Array)
      ;(steps[i] as Transcode)(from, to)
    }
    to.byte(CLOSING_BRACE)
  }
}

function unionOf(branches: readonly Transcode[]): Transcode {
  return (from, to) => branchAt(branches, from.int())(from, to)
}

export function branchAt<T>(branches: readonly T[], index: number): T {
  const branch = branches[index]
  if (!branch) throw new Undecodable('a union has no such branch')
  return branch
}

function enumOf(symbols: readonly string[]): Transcode {
  const texts = symbols.map((symbol) => Buffer.from(JSON.stringify(symbol)))
  return (from, to) => to.raw(symbolAt(texts, from.int()))
}

export function symbolAt(texts: readonly Uint8Array[], index: number): Uint8Array {
  const text = texts[index]
  if (!text) throw new Undecodable('an enum has no such symbol')
  return text
}

/** Arrays and maps come in blocks, the last of which is empty. */
function listOf(item: Transcode, open: number, close: number): Transcode {
  return (from, to) => {
    to.byte(open)
    let isFirst = true
    for (let count = from.blockCount(); count > 0; count = from.blockCount()) {
      for (let i = 0; i < count; i++) {
        if (!isFirst) to.byte(COMMA)
        isFirst = false
        item(from, to)
      }
    }
    to.byte(close)
  }
}

function entryOf(value: Transcode): Transcode {
  return (from, to) => {
    writeText(from, to)
    to.byte(0x3a)
    value(from, to)
  }
}

function readBoolean(from: AvroReader): Uint8Array {
  const byte = from.byte()
  if (byte > 1) throw new Undecodable('a boolean is neither 0 nor 1')
  return byte === 1 ? TRUE : FALSE
}

const writeInt: Transcode = (from, to) => to.integer(from.int())

const writeSigned: Transcode = (from, to) => {
  from.long()
  writeLong(from.high, from.low, to)
}

const writeText: Transcode = (from, to) => {
  const length = from.length()
  const start = from.skip(length)
  to.text(from.bytes, start, start + length)
}

function writeBytes(type: AvroType): Transcode {
  return (from, to) => {
    const length = type.kind === 'fixed' ? type.size : from.length()
    writeBase64(from.bytes, from.skip(length), length, to)
  }
}
