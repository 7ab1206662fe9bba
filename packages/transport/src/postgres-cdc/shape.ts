import { createHash } from 'node:crypto'

/** What of a column tells whether the rows of a table stand as they were. */
export interface ShapedColumn {
  /** Never used again in the table. */
  readonly number: number
  readonly name: string
  readonly type: number
  /** Length, precision and scale. */
  readonly modifier: number
  /** Whether it may have come with a value in the rows that were there already. */
  readonly isFilled: boolean
}

const HASH_BITS = 46n
/** The shape of rows of which nobody knows the shape. */
export const ANY_SHAPE = (1n << 62n) - 1n

/** Returns the shape of a table as a number, which grows with each column that is added behind the others. */
export function shapeOf(columns: readonly ShapedColumn[]): bigint {
  const last = Math.max(0, ...columns.map(({ number }) => number))
  const text = JSON.stringify(columns.map(({ number, name, type, modifier }) => [number, name, type, modifier]))
  const hash = createHash('sha256').update(text).digest().readBigUInt64BE()
  return (BigInt(last) << HASH_BITS) | (hash >> (64n - HASH_BITS))
}

/** Whether rows of this shape are as the table has them now: at most, columns have come that are NULL in them. */
export function isShapeOf(shape: bigint, columns: readonly ShapedColumn[]): boolean {
  if (shape === ANY_SHAPE) return true
  const last = Number(shape >> HASH_BITS)
  const known = columns.filter(({ number }) => number <= last)
  return shapeOf(known) === shape && columns.every(({ number, isFilled }) => number <= last || !isFilled)
}
