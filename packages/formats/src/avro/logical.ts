import { writeDecimal } from '../transcode/decimal.ts'
import type { JsonWriter } from '../transcode/json-writer.ts'
import { split, type TimeParts, writeClock, writeDay, writeMoment } from '../transcode/moments.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import type { AvroReader } from './reader.ts'
import type { AvroType, Logical } from './schema.ts'
import type { Transcode } from './transcode.ts'

const QUOTE = 0x22

/** Returns what writes values of a logical type: times as dates and clocks in UTC, decimals as their digits. */
export function writeLogical(type: AvroType, logical: Logical): Transcode {
  switch (logical.name) {
    case 'decimal':
      return (from, to) => writeDecimal(bytesOf(from, type), logical.scale, to)
    case 'big-decimal':
      return writeBigDecimal
    case 'date':
      return (from, to) => between(to, () => writeDay(from.int(), to))
    case 'time-millis':
      return (from, to) => between(to, () => writeClock(split(BigInt(from.int()), 1000n), 3, to))
    case 'time-micros':
      return (from, to) => between(to, () => writeClock(split(longOf(from), 1_000_000n), 6, to))
    case 'timestamp-millis':
      return (from, to) => writeLongMoment(from, 1000, 3, to)
    case 'timestamp-micros':
      return (from, to) => writeLongMoment(from, 1_000_000, 6, to)
    case 'timestamp-nanos':
      return (from, to) => writeLongMoment(from, 1_000_000_000, 9, to)
    case 'uuid':
      return (from, to) => to.ascii(`"${uuidOf(bytesOf(from, type).toString('hex'))}"`)
    case 'duration':
      return (from, to) => to.ascii(`"${durationOf(bytesOf(from, type))}"`)
  }
}

function between(to: JsonWriter, write: () => void): void {
  to.byte(QUOTE)
  write()
  to.byte(QUOTE)
}

function bytesOf(from: AvroReader, type: AvroType): Buffer {
  const length = type.kind === 'fixed' ? type.size : from.length()
  const start = from.skip(length)
  return Buffer.from(from.bytes.buffer, from.bytes.byteOffset + start, length)
}

function longOf(from: AvroReader): bigint {
  from.long()
  return (BigInt(from.high) << 32n) | BigInt(from.low)
}

/** Writes text that the engine casts quickly: 2026-01-31 12:00:00.123456, in UTC; without a fraction where it is 0. */
function writeLongMoment(from: AvroReader, unit: number, digits: number, to: JsonWriter): void {
  from.long()
  const { high, low } = from
  const { seconds, fraction } =
    high >= -0x200000 && high < 0x200000
      ? splitNumber(high * 2 ** 32 + low, unit)
      : split((BigInt(high) << 32n) | BigInt(low), BigInt(unit))
  writeMoment(seconds, fraction, digits, to)
}

function splitNumber(value: number, unit: number): TimeParts {
  const seconds = Math.floor(value / unit)
  return { seconds, fraction: value - seconds * unit }
}

/** A decimal that brings its own scale: the bytes of its digits, then the scale. */
const writeBigDecimal: Transcode = (from, to) => {
  const length = from.length()
  const end = from.at + length
  const digits = bytesOf(from, { kind: 'bytes' })
  const scale = from.int()
  if (from.at !== end || scale < 0 || scale > 1000) throw new Undecodable('a big decimal is not well formed')
  writeDecimal(digits, scale, to)
}

function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Months, days and milliseconds, as ISO 8601 writes a duration. */
function durationOf(bytes: Buffer): string {
  const [months, days, milliseconds] = [0, 4, 8].map((at) => bytes.readUInt32LE(at)) as [number, number, number]
  return `P${months}M${days}DT${milliseconds / 1000}S`
}
