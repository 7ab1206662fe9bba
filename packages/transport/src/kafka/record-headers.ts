import { ID_HEADER } from '../source.ts'
import { type Cursor, readSigned } from './varint.ts'

const WANTED = Buffer.from(ID_HEADER)

/** The id among a record's headers, which begin at `at` with their number. */
export function idAmong(bytes: Buffer, at: number, recordEnd: number): string | undefined {
  const cursor: Cursor = { at }
  for (let left = readSigned(bytes, cursor); left > 0 && cursor.at < recordEnd; left--) {
    const name = take(bytes, cursor)
    const value = take(bytes, cursor)
    if (cursor.at > recordEnd) return undefined
    if (name?.equals(WANTED)) return value?.toString('utf8')
  }
  return undefined
}

function take(bytes: Buffer, cursor: Cursor): Buffer | undefined {
  const length = readSigned(bytes, cursor)
  if (length < 0) return undefined
  const start = cursor.at
  cursor.at += length
  return bytes.subarray(start, cursor.at)
}
