import type { JsonWriter } from '../transcode/json-writer.ts'
import { writeBase64, writeDouble, writeLong } from '../transcode/numbers.ts'
import type { Scalar } from './schema.ts'
import { DELIMITED, FIXED32, FIXED64, VARINT, type WireReader } from './wire.ts'

/** Reads a value at the reader's place, before an end that it does not pass, and writes it as JSON. */
export type WriteValue = (from: WireReader, end: number, to: JsonWriter) => void

export interface ValueCodec {
  /** How it is written where it is not packed. */
  readonly wire: number
  readonly write: WriteValue
  /** JSON of what is not there in a field that always has a value. */
  readonly fallback: Uint8Array
}

const [ZERO, FALSE, TRUE, NOTHING] = ['0', 'false', 'true', '""'].map((text) => Buffer.from(text)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
]

/** Adds 2^32 to a half below zero, so that both are without a sign. */
function writeUnsigned(high: number, low: number, to: JsonWriter): void {
  const upper = high >>> 0
  if (upper < 0x200000) to.integer(upper * 2 ** 32 + low)
  else to.ascii(String((BigInt(upper) << 32n) | BigInt(low)))
}

function varint(write: (from: WireReader, to: JsonWriter) => void, fallback = ZERO): ValueCodec {
  return {
    wire: VARINT,
    fallback,
    write(from, end, to) {
      from.varint(end)
      write(from, to)
    },
  }
}

function fixed(size: 4 | 8, write: (view: DataView, at: number, to: JsonWriter) => void): ValueCodec {
  return {
    wire: size === 4 ? FIXED32 : FIXED64,
    fallback: ZERO,
    write(from, _end, to) {
      write(from.view, from.at, to)
      from.at += size
    },
  }
}

function bytes(write: (from: WireReader, start: number, end: number, to: JsonWriter) => void): ValueCodec {
  return {
    wire: DELIMITED,
    fallback: NOTHING,
    write(from, end, to) {
      const last = from.delimited(end)
      write(from, from.at, last, to)
      from.at = last
    },
  }
}

export const SCALARS: Readonly<Record<Scalar, ValueCodec>> = {
  double: fixed(8, (view, at, to) => writeDouble(view.getFloat64(at, true), to)),
  float: fixed(4, (view, at, to) => writeDouble(view.getFloat32(at, true), to)),
  int32: varint((from, to) => to.integer(from.low | 0)),
  uint32: varint((from, to) => to.integer(from.low)),
  sint32: varint(({ low }, to) => to.integer((low >>> 1) ^ -(low & 1))),
  int64: varint((from, to) => writeLong(from.high, from.low, to)),
  uint64: varint((from, to) => writeUnsigned(from.high, from.low, to)),
  sint64: varint(({ high, low }, to) => {
    const sign = -(low & 1)
    writeLong((high >>> 1) ^ sign, (((low >>> 1) | (high << 31)) ^ sign) >>> 0, to)
  }),
  fixed32: fixed(4, (view, at, to) => to.integer(view.getUint32(at, true))),
  sfixed32: fixed(4, (view, at, to) => to.integer(view.getInt32(at, true))),
  fixed64: fixed(8, (view, at, to) => writeUnsigned(view.getInt32(at + 4, true), view.getUint32(at, true), to)),
  sfixed64: fixed(8, (view, at, to) => writeLong(view.getInt32(at + 4, true), view.getUint32(at, true), to)),
  bool: varint(({ low, high }, to) => to.raw((low | high) === 0 ? FALSE : TRUE), FALSE),
  string: bytes((from, start, end, to) => to.text(from.bytes, start, end)),
  bytes: bytes((from, start, end, to) => writeBase64(from.bytes, start, end - start, to)),
}

/** Reads the number of a symbol. One that the schema does not have is written as the number. */
export function enumCodec(symbols: ReadonlyMap<number, string>, name: string): ValueCodec {
  const isNull = name === 'google.protobuf.NullValue'
  const texts = new Map(
    [...symbols].map(([number, symbol]) => [number, Buffer.from(isNull ? 'null' : JSON.stringify(symbol))] as const),
  )
  return varint(
    ({ low }, to) => {
      const text = texts.get(low | 0)
      if (text) to.raw(text)
      else to.integer(low | 0)
    },
    texts.get(0) ?? [...texts.values()][0] ?? ZERO,
  )
}
