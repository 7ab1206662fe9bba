import type { JsonWriter } from './json-writer.ts'

/** Writes a signed number of 64 bits. One that a JavaScript number can't hold is written digit for digit all the same. */
export function writeLong(high: number, low: number, to: JsonWriter): void {
  if (high >= -0x200000 && high < 0x200000) to.integer(high * 2 ** 32 + low)
  else to.ascii(String((BigInt(high) << 32n) | BigInt(low)))
}

/** What no JSON number is, is a text: a field of type double rejects it by name. */
export function writeDouble(value: number, to: JsonWriter): void {
  if (Object.is(value, -0)) to.ascii('-0.0')
  else to.ascii(Number.isFinite(value) ? String(value) : `"${value}"`)
}

/** Bytes are base64: from_base64 of the engine makes a column of them. */
export function writeBase64({ buffer, byteOffset }: Uint8Array, start: number, length: number, to: JsonWriter): void {
  to.ascii(`"${Buffer.from(buffer, byteOffset + start, length).toString('base64')}"`)
}
