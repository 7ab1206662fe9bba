import type { JsonWriter } from './json-writer.ts'
import { Undecodable } from './undecodable.ts'

/** A decimal of more bytes has thousands of digits, and every one of them would take long. */
const LONGEST_DECIMAL = 4096

/** Writes the digits of a decimal as a text; its bytes are a number in two's complement without a point. */
export function writeDecimal(bytes: Buffer, scale: number, to: JsonWriter): void {
  if (bytes.length > LONGEST_DECIMAL) throw new Undecodable('a decimal is too long')
  to.ascii(`"${digitsOf(unscaled(bytes), scale)}"`)
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
