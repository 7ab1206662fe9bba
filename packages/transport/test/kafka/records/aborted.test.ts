import { valueAt } from '@millrace/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRecords } from '../../../src/kafka/records/read-records.ts'
import { encodeBatch, encodeMarker } from '../encode.ts'

/** One step of a partition's history: a producer writes, or ends its transaction. */
type Step =
  | { readonly producer: number; readonly write: 'in transaction' | 'plainly' }
  | { readonly producer: number; readonly end: 'abort' | 'commit' }

const steps = fc.array(
  fc
    .record({ producer: fc.nat(3), what: fc.constantFrom('in transaction', 'plainly', 'abort', 'commit') })
    .map(
      ({ producer, what }): Step =>
        what === 'abort' || what === 'commit'
          ? { producer, end: what }
          : { producer, write: what as 'in transaction' | 'plainly' },
    ),
  { maxLength: 60, size: 'max' },
)

interface Written {
  readonly offset: number
  readonly bytes: Buffer
  /** The record's value, unless it is a marker. */
  readonly value?: string
  /** Its transaction. */
  readonly transaction?: Transaction
}

interface Transaction {
  readonly producerId: number
  readonly firstOffset: number
  end?: { readonly offset: number; readonly aborts: boolean }
}

/** Plays the steps as a broker would: what is written, and how each transaction ended. */
function play(history: readonly Step[]): Written[] {
  const open = new Map<number, Transaction>()
  return history.flatMap((step, offset): Written[] => {
    const producerId = step.producer
    const transaction = open.get(producerId)
    if ('end' in step) {
      const aborts = step.end === 'abort'
      if (transaction) transaction.end = { offset, aborts }
      open.delete(producerId)
      return [{ offset, bytes: encodeMarker(offset, producerId, aborts) }]
    }
    const value = `{"offset":${offset}}`
    const transactional = step.write === 'in transaction'
    const mine = transactional ? (transaction ?? { producerId, firstOffset: offset }) : undefined
    if (mine) open.set(producerId, mine)
    const records = [{ offsetDelta: 0, timeDelta: 0, key: null, value: Buffer.from(value) }]
    const bytes = encodeBatch({ baseOffset: offset, producerId, transactional, records })
    return [{ offset, bytes, value, ...(mine && { transaction: mine }) }]
  })
}

/** The read-committed end: where the first transaction begins that has not ended. */
function stableEnd(log: readonly Written[]): number {
  const open = log.flatMap(({ transaction }) => (transaction && !transaction.end ? [transaction.firstOffset] : []))
  return Math.min(log.length, ...open)
}

describe('a read-committed reader', () => {
  it('sees no aborted record and every other one, however transactions of several producers interleave', () => {
    fc.assert(
      fc.property(steps, fc.nat(60), fc.integer({ min: 1, max: 60 }), (history, start, size) => {
        const log = play(history)
        const end = stableEnd(log)
        const from = Math.min(start, end)
        const to = Math.min(end, from + size)
        const transactions = new Set(log.flatMap(({ transaction }) => transaction ?? []))
        // As brokers list them: every aborted transaction with an offset in the range.
        const aborted = [...transactions]
          .filter(({ end, firstOffset }) => end?.aborts && end.offset >= from && firstOffset < to)
          .map(({ producerId, firstOffset }) => ({ producerId: BigInt(producerId), firstOffset: BigInt(firstOffset) }))
        const bytes = Buffer.concat(log.slice(from, to).map((written) => written.bytes))
        const { columns, next } = readRecords(
          { bytes, start: 0, end: bytes.length, aborted },
          from,
          1 << 30,
          Buffer.alloc,
        )
        const seen = Array.from({ length: columns.count }, (_, i) => valueAt(columns, i)?.toString())
        const wanted = log
          .slice(from, to)
          .filter(({ transaction }) => !transaction?.end?.aborts)
          .flatMap(({ value }) => value ?? [])
        expect(seen).toEqual(wanted)
        expect(next).toBe(to)
      }),
      { numRuns: 1000 },
    )
  })

  it('refuses an abort marker that does not say what it is', () => {
    const records = [{ offsetDelta: 0, timeDelta: 0, key: Buffer.from([0]), value: null }]
    const bytes = encodeBatch({ baseOffset: 3, producerId: 1, transactional: true, control: true, records })
    const section = { bytes, start: 0, end: bytes.length, aborted: [{ producerId: 1n, firstOffset: 0n }] }
    expect(() => readRecords(section, 0, 1 << 30, Buffer.alloc)).toThrow(
      expect.objectContaining({ code: 'SOURCE_DAMAGED' }),
    )
  })
})
