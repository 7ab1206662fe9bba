import { reached } from '@millrace/transport'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodePosition, encodePosition, positionOfRecord, type ShardPosition } from '../../src/kinesis/position.ts'

const NEXT = { number: 0, after: 1, end: 2 }
const shardPosition: fc.Arbitrary<ShardPosition> = fc.record({
  sequence: fc.bigInt(0n, 2n ** 248n - 1n),
  next: fc.oneof(fc.nat(), fc.constantFrom('after' as const, 'end' as const)),
  through: fc.nat(2 ** 48 - 1),
})

it('a position is a position in parts that a txn can carry, and says it all', () => {
  fc.assert(
    fc.property(shardPosition, (one) => {
      const position = encodePosition(one)
      expect(position.every((part) => part >= 0n && part < 2n ** 63n)).toBe(true)
      expect(decodePosition(position)).toEqual(one)
    }),
  )
})

it('positions are in the order of the records that they point at', () => {
  const near = fc
    .tuple(shardPosition, shardPosition, fc.boolean())
    .map(([a, b, same]) => [a, same ? { ...b, sequence: a.sequence } : b])
  fc.assert(
    fc.property(near, ([a, b]) => {
      if (!a || !b) return
      expect(reached(encodePosition(a), encodePosition(b))).toBe(!isBefore(a, b))
    }),
  )
})

function isBefore(a: ShardPosition, b: ShardPosition): boolean {
  if (a.sequence !== b.sequence) return a.sequence < b.sequence
  const rank = ({ next }: ShardPosition) => NEXT[typeof next === 'number' ? 'number' : next]
  if (rank(a) !== rank(b)) return rank(a) < rank(b)
  if (typeof a.next === 'number' && typeof b.next === 'number' && a.next !== b.next) return a.next < b.next
  return a.through < b.through
}

it('a sequence number that is too wide is refused, not cut', () => {
  expect(() => encodePosition({ sequence: 2n ** 248n, next: 0, through: 0 })).toThrow(/more than 248 bits/)
})

it('the name of a record says where it is read', () => {
  expect(positionOfRecord('49671.3')).toMatchObject({ sequence: 49671n, next: 3 })
  expect(positionOfRecord('49671')).toMatchObject({ sequence: 49671n, next: 0 })
})
