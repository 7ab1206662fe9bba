import { type AvroReader, Undecodable } from './reader.ts'
import type { AvroType, Logical } from './schema.ts'
import type { Transcode } from './transcode.ts'
import type { JsonWriter } from './writer.ts'

const QUOTE = 0x22
const DAY_SECONDS = 86_400
/** A decimal of more bytes has thousands of digits, and every one of them would take long. */
const LONGEST_DECIMAL = 4096

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
      return (from, to) => writeMoment(from, 1000, 3, to)
    case 'timestamp-micros':
      return (from, to) => writeMoment(from, 1_000_000, 6, to)
    case 'timestamp-nanos':
      return (from, to) => writeMoment(from, 1_000_000_000, 9, to)
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

interface Parts {
  readonly seconds: number
  readonly fraction: number
}

export function split(value: bigint, unit: bigint): Parts {
  const fraction = ((value % unit) + unit) % unit
  return { seconds: Number((value - fraction) / unit), fraction: Number(fraction) }
}

/** As text that the engine casts quickly: 2026-01-31 12:00:00.123456, in UTC; without a fraction where it is 0. */
function writeMoment(from: AvroReader, unit: number, digits: number, to: JsonWriter): void {
  from.long()
  const { high, low } = from
  const parts =
    high >= -0x200000 && high < 0x200000
      ? splitNumber(high * 2 ** 32 + low, unit)
      : split((BigInt(high) << 32n) | BigInt(low), BigInt(unit))
  const day = Math.floor(parts.seconds / DAY_SECONDS)
  to.byte(QUOTE)
  writeDay(day, to)
  to.byte(0x20)
  writeClock({ seconds: parts.seconds - day * DAY_SECONDS, fraction: parts.fraction }, digits, to)
  to.byte(QUOTE)
}

function splitNumber(value: number, unit: number): Parts {
  const seconds = Math.floor(value / unit)
  return { seconds, fraction: value - seconds * unit }
}

export function writeClock({ seconds, fraction }: Parts, digits: number, to: JsonWriter): void {
  if (seconds < 0 || seconds >= DAY_SECONDS) throw new Undecodable('a time of day is not within a day')
  to.reserve(24)
  to.digits((seconds / 3600) | 0, 2)
  to.byte(0x3a)
  to.digits(((seconds / 60) | 0) % 60, 2)
  to.byte(0x3a)
  to.digits(seconds % 60, 2)
  if (fraction === 0) return
  to.byte(0x2e)
  to.digits(fraction, digits)
}

/** Writes a day counted from 1970 as year, month and day, in the proleptic Gregorian calendar. */
export function writeDay(day: number, to: JsonWriter): void {
  // The algorithm counts years from March, in eras of 400.
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const month = Math.floor((5 * ofYear + 2) / 153)
  const year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
  if (year < 1 || year > 9999) throw new Undecodable('a time is not within the years 1 to 9999')
  to.reserve(10)
  to.digits(year, 4)
  to.byte(0x2d)
  to.digits(month >= 10 ? month - 9 : month + 3, 2)
  to.byte(0x2d)
  to.digits(ofYear - Math.floor((153 * month + 2) / 5) + 1, 2)
}

export function writeDecimal(bytes: Buffer, scale: number, to: JsonWriter): void {
  if (bytes.length > LONGEST_DECIMAL) throw new Undecodable('a decimal is too long')
  to.ascii(`"${digitsOf(unscaled(bytes), scale)}"`)
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

function unscaled(bytes: Buffer): bigint {
  if (bytes.length === 0) return 0n
  if (bytes.length <= 6) return BigInt(bytes.readIntBE(0, bytes.length))
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
}

function digitsOf(value: bigint, scale: number): string {
  if (scale === 0) return String(value)
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Months, days and milliseconds, as ISO 8601 writes a duration. */
function durationOf(bytes: Buffer): string {
  const [months, days, milliseconds] = [0, 4, 8].map((at) => bytes.readUInt32LE(at)) as [number, number, number]
  return `P${months}M${days}DT${milliseconds / 1000}S`
}
