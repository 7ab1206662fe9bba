import { exactNumber } from '@millrace/base'
import type { DecodedArray, SchemaElement } from 'hyparquet'

/**
 * Returns values as JSON takes them: texts for bytes, dates and times, exact numbers for decimals. Whole numbers are
 * bigints only where they are too large for a number.
 */
export function readableValues(values: DecodedArray, element: SchemaElement): ArrayLike<unknown> {
  const { type, converted_type: converted, scale = 0 } = element
  if (converted === 'DECIMAL') return Array.from(values as Unscaled[], (value) => decimal(value, scale))
  if (converted === 'DATE') return Array.from(values as number[], (days) => instant(BigInt(days) * DAY)?.slice(0, 10))
  const perSecond = fractionsOf(element)
  if (perSecond) return Array.from(values as bigint[], (value) => instant((value * 1_000_000n) / perSecond))
  if (type === 'INT96') return Array.from(values as bigint[], (value) => instant(microsecondsOf(value)))
  if (values instanceof BigInt64Array) return numbers(values)
  return type === 'BYTE_ARRAY' ? texts(values as Uint8Array[]) : (values as ArrayLike<unknown>)
}

/** Below it, the upper 32 bits of a whole number leave it exact as a number. */
const SAFE_UPPER = 2 ** 21

/** A bigint for each value would take three times as long. */
function numbers(values: BigInt64Array): (number | bigint)[] {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const numbers: (number | bigint)[] = []
  for (let i = 0; i < values.length; i++) {
    const upper = halves[2 * i + 1] as number
    const isSafe = upper < SAFE_UPPER && upper >= -SAFE_UPPER
    numbers.push(isSafe ? upper * 2 ** 32 + ((halves[2 * i] as number) >>> 0) : (values[i] as bigint))
  }
  return numbers
}

function texts(values: readonly Uint8Array[]): string[] {
  return values.map((value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString())
}

type Unscaled = Uint8Array | number | bigint

function decimal(value: Unscaled, scale: number): unknown {
  const unscaled = typeof value === 'object' ? BigInt.asIntN(value.length * 8, fromBigEndian(value)) : BigInt(value)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = scale > 0 ? `.${digits.slice(-scale)}` : ''
  return exactNumber(`${unscaled < 0n ? '-' : ''}${whole}${fraction}`)
}

function fromBigEndian(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** Returns how many units of the element's times are in a second; undefined where they are no times. */
function fractionsOf({ converted_type: converted, logical_type: logical }: SchemaElement): bigint | undefined {
  const unit = logical?.type === 'TIMESTAMP' ? logical.unit : converted?.replace(/^TIMESTAMP_/, '')
  return unit === 'NANOS' ? 1_000_000_000n : unit === 'MICROS' ? 1_000_000n : unit === 'MILLIS' ? 1000n : undefined
}

const DAY = 86_400_000_000n
/** The Julian day of 1970-01-01. */
const EPOCH_DAY = 2_440_588n

function microsecondsOf(int96: bigint): bigint {
  return ((int96 >> 64n) - EPOCH_DAY) * DAY + BigInt.asUintN(64, int96) / 1000n
}

/** Returns the time in ISO 8601, to the microsecond; undefined where JavaScript's calendar ends before it. */
function instant(microseconds: bigint): string | undefined {
  const fraction = ((microseconds % 1000n) + 1000n) % 1000n
  const date = new Date(Number((microseconds - fraction) / 1000n))
  if (Number.isNaN(date.getTime())) return undefined
  return date.toISOString().replace('Z', `${String(fraction).padStart(3, '0')}Z`)
}
