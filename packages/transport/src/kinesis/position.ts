import { MillraceError } from '@millrace/base'
import type { Position } from '../source.ts'

/**
 * The next position to read in a shard. A sequence number has some 186 bits, and several user records can
 * share one, so a position is: the sequence number in four parts, what comes next at it, and how far in time the
 * shard has been read. The last does not move the reader: it shows whether retention can have deleted a
 * record that was not read.
 */
export interface ShardPosition {
  /** 0 when no record has been met: the first one is then the first that arrived at `through` or later. */
  readonly sequence: bigint
  /** The user record within it that comes next; or all of it has been read; or all of the shard. */
  readonly next: number | 'after' | 'end'
  /** All that arrived before this time (milliseconds since 1970) has been read, or was not asked for. */
  readonly through: number
}

const PART_BITS = 62n
const PARTS = 4
const LARGEST_PART = (1n << PART_BITS) - 1n
const AFTER = 1n << 61n
const END = AFTER + 1n

export function encodePosition({ sequence, next, through }: ShardPosition): Position {
  if (sequence >> (PART_BITS * BigInt(PARTS))) {
    throw new MillraceError('SOURCE_UNSUPPORTED', `sequence number ${sequence} has more than ${PARTS * 62} bits`)
  }
  const parts = Array.from({ length: PARTS }, (_, i) => {
    return (sequence >> (PART_BITS * BigInt(PARTS - 1 - i))) & LARGEST_PART
  })
  const coded = next === 'end' ? END : next === 'after' ? AFTER : BigInt(next)
  return [...parts, coded, BigInt(Math.max(0, Math.floor(through)))]
}

export function decodePosition(position: Position): ShardPosition {
  const [coded, through] = position.slice(PARTS)
  if (coded === undefined || through === undefined) {
    throw new MillraceError('SOURCE_CHANGED', `${position.join()} is no position in a shard of Kinesis`)
  }
  const sequence = position.slice(0, PARTS).reduce((number, part) => (number << PART_BITS) | part, 0n)
  const next = coded === END ? 'end' : coded === AFTER ? 'after' : Number(coded)
  return { sequence, next, through: Number(through) }
}

/** Returns the name of a record; `index` distinguishes the user records of one sequence number. */
export function recordName(sequence: string, index: number | undefined): string {
  return index === undefined ? sequence : `${sequence}.${index}`
}

/** The position at which the record of this name is read, the last of those that differ in time alone. */
export function positionOfRecord(name: string): ShardPosition {
  const [sequence = '', index = '0'] = name.split('.')
  return { sequence: BigInt(sequence), next: Number(index), through: Number.MAX_SAFE_INTEGER }
}
