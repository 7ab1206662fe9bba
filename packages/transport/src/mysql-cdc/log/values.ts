import { geometryJson } from '../server/columns.ts'
import { floatText } from '../server/float-text.ts'
import { unsuited } from '../server/server.ts'
import { storedText } from '../server/stored-texts.ts'
import { bigEndian, type Cursor, take, unsigned } from './cursor.ts'
import type { LogColumn } from './table-map.ts'
import { TYPE } from './types.ts'

/** Returns a text of these bytes in the character set of a collation. */
export type Decode = (bytes: Buffer, collation: number) => string

const BYTES = 63

/** Reads a value that is not null as JSON. */
export function readValue(from: Cursor, column: LogColumn, decode: Decode): string {
  const { type, meta, isUnsigned } = column
  switch (type) {
    case TYPE.tiny:
      return integer(from, 1, isUnsigned)
    case TYPE.short:
      return integer(from, 2, isUnsigned)
    case TYPE.int24:
      return integer(from, 3, isUnsigned)
    case TYPE.long:
      return integer(from, 4, isUnsigned)
    case TYPE.longlong:
      return long(from, isUnsigned)
    case TYPE.float:
      return floatText(take(from, 4).readFloatLE())
    case TYPE.double:
      return String(take(from, 8).readDoubleLE())
    case TYPE.newDecimal:
      return `"${decimal(from, meta >> 8, meta & 0xff)}"`
    case TYPE.year: {
      const year = unsigned(from, 1)
      return String(year === 0 ? 0 : year + 1900)
    }
    case TYPE.date:
      return date(unsigned(from, 3))
    case TYPE.timestamp2:
      return timestamp(bigEndian(from, 4), fraction(from, meta))
    case TYPE.datetime2:
      return datetime(bigEndian(from, 5) - 0x8000000000, fraction(from, meta))
    case TYPE.time2:
      return time(from, meta)
    case TYPE.bit:
      return bit(from, (meta >> 8) * 8 + (meta & 0xff))
    case TYPE.enum:
      return JSON.stringify(memberAt(column, unsigned(from, meta) - 1, decode))
    case TYPE.set:
      return JSON.stringify(membersIn(from, column, decode))
    case TYPE.string:
      return string(take(from, unsigned(from, meta < 256 ? 1 : 2)), column, decode)
    case TYPE.varchar:
    case TYPE.varString:
      return string(take(from, unsigned(from, meta < 256 ? 1 : 2)), column, decode)
    case TYPE.blob:
      return string(take(from, unsigned(from, meta)), column, decode)
    case TYPE.geometry:
      return geometryJson(take(from, unsigned(from, meta)))
    default:
      throw unsuited(`column ${column.name} is of type ${type} of the log, which can't be read`, 'Leave the table out.')
  }
}

function integer(from: Cursor, size: number, isUnsigned: boolean): string {
  const bytes = take(from, size)
  return String(isUnsigned ? bytes.readUIntLE(0, size) : bytes.readIntLE(0, size))
}

function long(from: Cursor, isUnsigned: boolean): string {
  const bytes = take(from, 8)
  return String(isUnsigned ? bytes.readBigUInt64LE() : bytes.readBigInt64LE())
}

/** Bytes that so many decimal digits take. */
const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const
const GROUP = 9

function decimal(from: Cursor, precision: number, scale: number): string {
  const whole = precision - scale
  const size = bytesFor(whole) + bytesFor(scale)
  const bytes = Buffer.from(take(from, size))
  const isNegative = ((bytes[0] ?? 0) & 0x80) === 0
  bytes[0] = (bytes[0] ?? 0) ^ 0x80
  if (isNegative) for (const [i, byte] of bytes.entries()) bytes[i] = byte ^ 0xff
  const digits: Cursor = { bytes, at: 0 }
  const left = groups(digits, [whole % GROUP, ...fill(whole)]).replace(/^0+(?=\d)/, '') || '0'
  const right = groups(digits, [...fill(scale), scale % GROUP])
  return `${isNegative ? '-' : ''}${left}${scale > 0 ? `.${right}` : ''}`
}

const bytesFor = (digits: number) => Math.floor(digits / GROUP) * 4 + (DIGIT_BYTES[digits % GROUP] ?? 0)
const fill = (digits: number) => Array.from({ length: Math.floor(digits / GROUP) }, () => GROUP)

function groups(from: Cursor, sizes: readonly number[]): string {
  return sizes
    .filter((size) => size > 0)
    .map((size) => String(bigEndian(from, DIGIT_BYTES[size] ?? 0)).padStart(size, '0'))
    .join('')
}

const two = (value: number) => String(value).padStart(2, '0')

/** Reads the digits behind the seconds, with the point. */
function fraction(from: Cursor, digits: number): string {
  if (digits === 0) return ''
  const size = (digits + 1) >> 1
  return `.${String(bigEndian(from, size))
    .padStart(size * 2, '0')
    .slice(0, digits)}`
}

function day(year: number, month: number, dayOfMonth: number): string | undefined {
  if (month === 0 || dayOfMonth === 0) return undefined
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(dayOfMonth)}`
}

function date(value: number): string {
  const text = day(value >> 9, (value >> 5) & 15, value & 31)
  return text === undefined ? 'null' : `"${text}"`
}

function datetime(value: number, digits: string): string {
  const [ymd, hms] = [Math.floor(value / 2 ** 17), value % 2 ** 17]
  const months = ymd >> 5
  const text = day(Math.floor(months / 13), months % 13, ymd & 31)
  if (text === undefined) return 'null'
  return `"${text} ${two(hms >> 12)}:${two((hms >> 6) & 63)}:${two(hms & 63)}${digits}"`
}

function timestamp(seconds: number, digits: string): string {
  if (seconds === 0) return 'null'
  return `"${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')}${digits}"`
}

function time(from: Cursor, digits: number): string {
  const size = (digits + 1) >> 1
  const unit = 256 ** size
  const value = bigEndian(from, 3 + size) - 0x800000 * unit
  const [clock, rest] = [Math.floor(Math.abs(value) / unit), Math.abs(value) % unit]
  const tail =
    rest === 0
      ? ''
      : `.${String(rest)
          .padStart(size * 2, '0')
          .replace(/0+$/, '')}`
  return `"${value < 0 ? '-' : ''}${two(clock >> 12)}:${two((clock >> 6) & 63)}:${two(clock & 63)}${tail}"`
}

function bit(from: Cursor, bits: number): string {
  const value = BigInt(`0x0${take(from, (bits + 7) >> 3).toString('hex')}`)
  return bits === 1 ? String(value === 1n) : String(value)
}

function memberAt({ members, collation }: LogColumn, at: number, decode: Decode): string {
  const member = members[at]
  return member ? decode(member, collation) : ''
}

function membersIn(from: Cursor, column: LogColumn, decode: Decode): string {
  const bits = BigInt(`0x0${Buffer.from(take(from, column.meta)).reverse().toString('hex')}`)
  return column.members.flatMap((_, at) => ((bits >> BigInt(at)) & 1n ? [memberAt(column, at, decode)] : [])).join(',')
}

function string(bytes: Buffer, { type, meta, collation, stored }: LogColumn, decode: Decode): string {
  if (collation !== BYTES) return JSON.stringify(decode(bytes, collation))
  // Zeros at the end of a BINARY are not logged.
  const whole =
    type === TYPE.string && bytes.length < meta ? Buffer.concat([bytes, Buffer.alloc(meta - bytes.length)]) : bytes
  return stored ? `"${storedText(stored, whole)}"` : `"${whole.toString('base64')}"`
}
