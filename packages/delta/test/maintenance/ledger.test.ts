import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldLedger, type LedgerEntry, ledgerOf } from '../../src/maintenance/ledger.ts'

const entry = (partition: string, from: number, to: number, rows = to - from): LedgerEntry => ({
  group: 'g',
  partition,
  from: [String(from)],
  to: [String(to)],
  records: to - from,
  rows,
  hash: String(2n ** 64n - 1n),
})

test('ranges that meet become one, with counts and hashes added up', () => {
  expect(foldLedger([entry('0', 0, 10)], [entry('0', 10, 25, 14)])).toEqual([
    { ...entry('0', 0, 25, 24), hash: String(2n ** 64n - 2n) },
  ])
})

test('ranges that do not meet stay apart, for whoever verifies', () => {
  expect(foldLedger([entry('0', 0, 10)], [entry('0', 11, 20)])).toHaveLength(2)
})

test('partitions never mix', () => {
  expect(foldLedger([entry('0', 0, 10)], [entry('1', 10, 20)])).toHaveLength(2)
})

test('folding in any steps gives what folding at once gives', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(cuts, fc.nat(20), (lengths, split) => {
      let at = 0
      const entries = lengths.map((length) => {
        at += length
        return entry('0', at - length, at)
      })
      const inSteps = foldLedger(foldLedger([], entries.slice(0, split)), entries.slice(split))
      expect(inSteps).toEqual(foldLedger([], entries))
      expect(inSteps).toHaveLength(1)
    }),
  )
})

test('names that a commit says once hold for each of its entries', () => {
  const { group: _, ...rest } = entry('0', 0, 10)
  const commitInfo = { millrace: { group: 'g', entries: [rest] } }
  expect(ledgerOf({ add: [], remove: [], txn: [], commitInfo })).toEqual([{ group: 'g', ...rest }])
  expect(ledgerOf({ add: [], remove: [], txn: [], commitInfo: { operation: 'WRITE' } })).toEqual([])
})
