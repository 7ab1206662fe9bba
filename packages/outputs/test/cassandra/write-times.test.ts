import { joinValues } from '@millrace/base'
import type { Block } from '@millrace/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
// The write timestamps are private on purpose: no reader sees more of them than who wins.
import { writeTimesOf } from '../../src/cassandra/write-times.ts'

const KEYS = ['t/0', 't/1'] as const

/** A block of records of one partition with these times; nothing else of it matters here. */
function block(id: number, times: readonly number[]): Block {
  const none = joinValues(times.map(() => new Uint8Array()))
  const partition = { topic: 't', identity: 'first', id: String(id) }
  const offsets = BigInt64Array.from(times, () => 0n)
  return { ...none, partition, from: [0n], to: [0n], offsets, times: Float64Array.from(times) }
}

/** Returns the write timestamps of all records, of batches that follow one another. */
function timestampsOf(batches: readonly (readonly Block[])[]): Map<string, number[]> {
  const found = new Map<string, number[]>(KEYS.map((key) => [key, []]))
  let clocks: ReadonlyMap<string, number> = new Map()
  for (const blocks of batches) {
    const times = writeTimesOf(blocks).after(clocks)
    let place = 0
    for (const { partition, count } of blocks) {
      for (let i = 0; i < count; i++) found.get(`t/${partition.id}`)?.push(times.at(place++))
    }
    clocks = times.clocks
  }
  return found
}

const times = fc.array(fc.oneof(fc.integer({ min: -1, max: 5 }), fc.constant(Number.MAX_VALUE)), { maxLength: 20 })

test('a record has the same write timestamp however the records are cut into batches', () => {
  fc.assert(
    fc.property(times, times, fc.nat(20), fc.nat(20), (first, second, cut, other) => {
      const whole = timestampsOf([[block(0, first), block(1, second)]])
      const parts = timestampsOf([
        [block(1, second.slice(0, other)), block(0, first.slice(0, cut))],
        [block(0, first.slice(cut)), block(1, second.slice(other))],
      ])
      expect(parts).toEqual(whole)
    }),
  )
})

test('it is the time of the record, or just after the record before it: later ones of a partition are newer', () => {
  expect(timestampsOf([[block(0, [2, 2, 1, 7])]]).get('t/0')).toEqual([2000, 2001, 2002, 7000])
  fc.assert(
    fc.property(times, (given) => {
      const all = timestampsOf([[block(0, given)]]).get('t/0') ?? []
      expect(all.every((time, i) => i === 0 || time > Number(all[i - 1]))).toBe(true)
      expect(all.every(Number.isSafeInteger)).toBe(true)
    }),
  )
})
