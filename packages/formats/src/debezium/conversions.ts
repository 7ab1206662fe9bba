import { writeDecimal } from '../transcode/decimal.ts'
import type { JsonWriter } from '../transcode/json-writer.ts'
import { split, writeClock, writeDay } from '../transcode/moments.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { intervalOf } from './interval.ts'
import { elementsOf } from './members.ts'
import { wktOf } from './wkt.ts'

/** Writes a column's value, which stands at `start` in these bytes and is not null, as the cleaner reads it. */
export type Conversion = (bytes: Uint8Array, start: number, end: number, to: JsonWriter) => void

const [QUOTE, BLANK, MINUS, LETTER_Z] = [0x22, 0x20, 0x2d, 0x5a]
const [OPEN_LIST, CLOSE_LIST, COMMA, NULL] = [0x5b, 0x5d, 0x2c, 0x6e]
const DAY_SECONDS = 86_400

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  Date: (bytes, start, end, to) => {
    to.byte(QUOTE)
    writeDay(Number(wholeNumber(bytes, start, end)), to)
    to.byte(QUOTE)
  },
  Timestamp: moment(1000n, 3),
  MicroTimestamp: moment(1_000_000n, 6),
  NanoTimestamp: moment(1_000_000_000n, 9),
  Time: clock(1000n, 3),
  MicroTime: clock(1_000_000n, 6),
  NanoTime: clock(1_000_000_000n, 9),
  Interval: (bytes, start, end, to) => to.ascii(`"${intervalOf(textOf(bytes, start + 1, end - 1))}"`),
  IsoDate: withoutZone,
  IsoTime: withoutZone,
  VariableScaleDecimal: (bytes, start, end, to) => {
    const { scale, value } = parsed(bytes, start, end)
    if (typeof scale !== 'number' || typeof value !== 'string') throw new Undecodable('no decimal with a scale')
    writeScaled(Buffer.from(value, 'base64'), scale, to)
  },
  Bits: (bytes, start, end, to) => {
    const bits = base64(bytes, start, end).reverse()
    to.ascii(String(BigInt(`0x0${bits.toString('hex')}`)))
  },
  Geometry: writeGeometry,
  Geography: writeGeometry,
  Point: writeGeometry,
}

const DECIMAL = /^Decimal\((\d{1,4})\)$/
const LIST = '[]'

/** Returns what a column of this type of Debezium needs; undefined where there is no such type. `Date[]` is a list of days. */
export function conversionNamed(name: string): Conversion | undefined {
  if (name.endsWith(LIST)) return listOf(conversionNamed(name.slice(0, -LIST.length)))
  const [, scale] = DECIMAL.exec(name) ?? []
  if (scale !== undefined) return decimal(Number(scale))
  return Object.hasOwn(CONVERSIONS, name) ? CONVERSIONS[name] : undefined
}

const CONNECT = 'org.apache.kafka.connect.data.'

/** Returns the short name of a schema's type; undefined where its values are read as they are. */
export function shortName(name: string, scale: string | undefined): string | undefined {
  if (name === `${CONNECT}Decimal`) return `Decimal(${scale ?? 0})`
  if (!name.startsWith('io.debezium.') && !name.startsWith(CONNECT)) return undefined
  return name.slice(name.lastIndexOf('.') + 1)
}

function listOf(convert: Conversion | undefined): Conversion | undefined {
  if (!convert) return undefined
  return (bytes, start, end, to) => {
    if (bytes[start] !== OPEN_LIST) throw new Undecodable('no list')
    to.byte(OPEN_LIST)
    let isFirst = true
    const elements = elementsOf(bytes, start, end)
    let each = elements.next()
    for (; !each.done; each = elements.next()) {
      const [from, behind] = each.value
      if (!isFirst) to.byte(COMMA)
      isFirst = false
      if (bytes[from] === NULL) to.raw(bytes.subarray(from, behind))
      else convert(bytes, from, behind, to)
    }
    if (!each.value) throw new Undecodable('no list')
    to.byte(CLOSE_LIST)
  }
}

function moment(unit: bigint, digits: number): Conversion {
  return (bytes, start, end, to) => {
    const { seconds, fraction } = split(wholeNumber(bytes, start, end), unit)
    const day = Math.floor(seconds / DAY_SECONDS)
    to.byte(QUOTE)
    writeDay(day, to)
    to.byte(BLANK)
    writeClock({ seconds: seconds - day * DAY_SECONDS, fraction }, digits, to)
    to.byte(QUOTE)
  }
}

/** A TIME of MySQL goes from -838 to 838 hours. How many digits its column has is not said: there are no zeros at the end. */
function clock(unit: bigint, digits: number): Conversion {
  return (bytes, start, end, to) => {
    const value = wholeNumber(bytes, start, end)
    const { seconds, fraction } = split(value < 0n ? -value : value, unit)
    to.byte(QUOTE)
    if (value < 0n) to.byte(MINUS)
    if (seconds < DAY_SECONDS) writeClock({ seconds, fraction: 0 }, digits, to)
    else to.ascii(`${Math.floor(seconds / 3600)}${new Date((seconds % 3600) * 1000).toISOString().slice(13, 19)}`)
    if (fraction > 0) to.ascii(`.${String(fraction).padStart(digits, '0').replace(/0+$/, '')}`)
    to.byte(QUOTE)
  }
}

function decimal(scale: number): Conversion {
  return (bytes, start, end, to) => writeScaled(base64(bytes, start, end), scale, to)
}

const MOST_SCALE = 1000

/** Debezium leaves the zeros at a number's end out: 1200 has the scale -2. */
function writeScaled(digits: Buffer, scale: number, to: JsonWriter): void {
  if (!Number.isInteger(scale) || Math.abs(scale) > MOST_SCALE) throw new Undecodable('no scale of a decimal')
  if (scale >= 0) writeDecimal(digits, scale, to)
  else {
    const value = BigInt.asIntN(digits.length * 8, BigInt(`0x0${digits.toString('hex')}`))
    to.ascii(`"${value * 10n ** BigInt(-scale)}"`)
  }
}

/** Debezium's dates and times of day in ISO 8601 end with the zone of UTC, which means nothing there. */
function withoutZone(bytes: Uint8Array, start: number, end: number, to: JsonWriter): void {
  if (end - start < 2 || bytes[start] !== QUOTE) throw new Undecodable('no text')
  const last = bytes[end - 2] === LETTER_Z ? end - 2 : end - 1
  to.raw(bytes.subarray(start, last))
  to.byte(QUOTE)
}

function writeGeometry(bytes: Uint8Array, start: number, end: number, to: JsonWriter): void {
  const { wkb } = parsed(bytes, start, end)
  if (typeof wkb !== 'string') throw new Undecodable('no geometry')
  to.ascii(`"${wktOf(Buffer.from(wkb, 'base64'))}"`)
}

const textOf = (bytes: Uint8Array, start: number, end: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')

const MOST_DIGITS = 20

function wholeNumber(bytes: Uint8Array, start: number, end: number): bigint {
  const text = end - start <= MOST_DIGITS ? textOf(bytes, start, end) : ''
  if (!/^-?\d+$/.test(text)) throw new Undecodable('no whole number')
  return BigInt(text)
}

function base64(bytes: Uint8Array, start: number, end: number): Buffer {
  const text = textOf(bytes, start, end)
  if (!/^"[A-Za-z0-9+/]*={0,2}"$/.test(text)) throw new Undecodable('no base64')
  return Buffer.from(text.slice(1, -1), 'base64')
}

function parsed(bytes: Uint8Array, start: number, end: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(textOf(bytes, start, end))
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // Said below.
  }
  throw new Undecodable('no object')
}
