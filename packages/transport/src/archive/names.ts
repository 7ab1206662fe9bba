import { encodePosition, positionOfRecord } from '../kinesis/position.ts'
import type { Position } from '../source.ts'

/** The position of a record by the name that its first source gave it: an offset, or a sequence number of Kinesis. */
export function positionOfName(name: bigint | string): Position {
  if (typeof name === 'bigint' || /^\d{1,19}$/.test(name)) return [BigInt(name)]
  return encodePosition(positionOfRecord(name))
}
