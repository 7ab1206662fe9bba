import { type BeforeRecord, ID_HEADER } from '../../source.ts'
import { type Cursor, readSigned } from './varint.ts'

const WANTED = Buffer.from(ID_HEADER)

/** What a record's headers say. */
export interface FoundInHeaders {
  id?: string
  /** What belongs before its value, and before its key. */
  value?: Uint8Array | undefined
  key?: Uint8Array | undefined
}

/** Looks through a record's headers, which begin at `at` with their number. */
export function findInHeaders(
  bytes: Buffer,
  at: number,
  recordEnd: number,
  { value, key }: BeforeRecord,
): FoundInHeaders {
  const found: FoundInHeaders = {}
  for (const [name, held] of headersOf(bytes, at, recordEnd)) {
    if (!held) continue
    if (name.equals(WANTED)) found.id ??= held.toString('utf8')
    if (!value && !key) continue
    const text = name.toString('latin1')
    found.value = value?.(text, held) ?? found.value
    found.key = key?.(text, held) ?? found.key
  }
  return found
}

/** Returns a record's headers as an object of JSON; of several under one name the last. */
export function headersAsJson(bytes: Buffer, at: number, recordEnd: number): string | undefined {
  const headers = new Map<string, string | null>()
  for (const [name, value] of headersOf(bytes, at, recordEnd)) {
    headers.set(name.toString('utf8'), value?.toString('utf8') ?? null)
  }
  if (headers.size === 0) return undefined
  // Not an object of JavaScript: a header may be called __proto__, or a number, which would come first.
  return `{${Array.from(headers, ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}

function* headersOf(
  bytes: Buffer,
  at: number,
  recordEnd: number,
): Generator<[name: Buffer, value: Buffer | undefined]> {
  const cursor: Cursor = { at }
  for (let left = readSigned(bytes, cursor); left > 0 && cursor.at < recordEnd; left--) {
    const name = take(bytes, cursor)
    const value = take(bytes, cursor)
    if (cursor.at > recordEnd) return
    if (name) yield [name, value]
  }
}

function take(bytes: Buffer, cursor: Cursor): Buffer | undefined {
  const length = readSigned(bytes, cursor)
  if (length < 0) return undefined
  const start = cursor.at
  cursor.at += length
  return bytes.subarray(start, cursor.at)
}
