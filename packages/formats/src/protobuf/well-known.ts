import { writeDecimal } from '../transcode/decimal.ts'
import type { JsonWriter } from '../transcode/json-writer.ts'
import { writeMoment } from '../transcode/moments.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import type { WriteMessage } from './fields.ts'
import type { WireReader } from './wire.ts'

const UNWRAPPED = new Set([
  ...['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map(
    (name) => `google.protobuf.${name}Value`,
  ),
  ...['Struct', 'Value', 'ListValue'].map((name) => `google.protobuf.${name}`),
  'google.type.Decimal',
])

/** Returns whether a message only wraps a value. */
export function isUnwrapped(name: string): boolean {
  return UNWRAPPED.has(name)
}

/** Returns what writes a message of Google's or Confluent's that is more than its fields. */
export function wellKnown(name: string): WriteMessage | undefined {
  return Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined
}

const SPECIAL: Readonly<Record<string, WriteMessage>> = {
  'google.protobuf.Timestamp': writeTimestamp,
  'google.protobuf.Duration': writeDuration,
  'google.protobuf.FieldMask': writeFieldMask,
  'confluent.type.Decimal': writeDecimalMessage,
}

const MOST_SECONDS = 2 ** 40

/** Reads the fields `seconds` and `nanos`. */
function secondsAndNanos(from: WireReader, start: number, end: number): [seconds: number, nanos: number] {
  let [seconds, nanos] = [0, 0]
  from.at = start
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag !== 8 && tag !== 16) from.skip(tag, end)
    else {
      from.varint(end)
      if (tag === 8) seconds = from.high * 2 ** 32 + from.low
      else nanos = from.low | 0
    }
  }
  if (Math.abs(seconds) > MOST_SECONDS || Math.abs(nanos) > 999_999_999) throw new Undecodable('a time is out of range')
  return [seconds, nanos]
}

function writeTimestamp(from: WireReader, start: number, end: number, to: JsonWriter): void {
  const [seconds, nanos] = secondsAndNanos(from, start, end)
  if (nanos < 0) throw new Undecodable('a time is out of range')
  if (nanos % 1000 === 0) writeMoment(seconds, nanos / 1000, 6, to)
  else writeMoment(seconds, nanos, 9, to)
}

/** As Protobuf's JSON has it: 1.5s. */
function writeDuration(from: WireReader, start: number, end: number, to: JsonWriter): void {
  const [seconds, nanos] = secondsAndNanos(from, start, end)
  const sign = seconds < 0 || nanos < 0 ? '-' : ''
  const fraction = nanos === 0 ? '' : `.${String(Math.abs(nanos)).padStart(9, '0').replace(/0+$/, '')}`
  to.ascii(`"${sign}${Math.abs(seconds)}${fraction}s"`)
}

/** The paths with commas between them. */
function writeFieldMask(from: WireReader, start: number, end: number, to: JsonWriter): void {
  const paths: Uint8Array[] = []
  from.at = start
  while (from.at < end) {
    const tag = from.tag(end)
    const value = from.at
    from.skip(tag, end)
    if (tag !== 10) continue
    const after = from.at
    from.at = value
    const last = from.delimited(end)
    paths.push(Buffer.from(paths.length > 0 ? ',' : ''), from.bytes.subarray(from.at, last))
    from.at = after
  }
  const text = Buffer.concat(paths)
  to.text(text, 0, text.length)
}

/** The digits of an unscaled number in two's complement, with a point where `scale` says. */
function writeDecimalMessage(from: WireReader, start: number, end: number, to: JsonWriter): void {
  let [bytes, scale] = [Buffer.alloc(0), 0]
  from.at = start
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) {
      const last = from.delimited(end)
      bytes = Buffer.from(from.bytes.subarray(from.at, last))
      from.at = last
    } else if (tag === 24) {
      from.varint(end)
      scale = from.low | 0
    } else from.skip(tag, end)
  }
  if (scale < 0 || scale > 1000) throw new Undecodable('the scale of a decimal is out of range')
  writeDecimal(bytes, scale, to)
}
