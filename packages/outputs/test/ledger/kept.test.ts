import { tmpdir } from 'node:os'
import { type Runtime, systemRuntime } from '@millrace/base'
import { cleanLog, commit, openOrCreate, type Snapshot, writeCheckpoint } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { memoryStore } from '@millrace/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { auditedCommits } from '../../src/ledger/audit.ts'
import { foldLedger, type KeptEntry, keepLedger, ledgerOf, readLedgerSummary } from '../../src/ledger/kept.ts'

const entry = (partition: string, from: number, to: number, rows = to - from): KeptEntry => ({
  group: 'g',
  partition,
  from: [String(from)],
  to: [String(to)],
  records: to - from,
  rows,
})

test('ranges that meet become one, with counts added up', () => {
  expect(foldLedger([entry('0', 0, 10)], [entry('0', 10, 25, 14)])).toEqual([entry('0', 0, 25, 24)])
})

test('ranges that do not meet stay apart, for whoever verifies', () => {
  expect(foldLedger([entry('0', 0, 10)], [entry('0', 11, 20)])).toHaveLength(2)
})

test('what a restore has taken back is taken off', () => {
  expect(foldLedger([entry('0', 0, 10)], [entry('0', 10, 4), entry('0', 4, 20)])).toEqual([entry('0', 0, 20)])
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
  expect(ledgerOf({ commitInfo })).toEqual([{ group: 'g', ...rest }])
  expect(ledgerOf({ commitInfo: { operation: 'WRITE' } })).toEqual([])
})

const DAY = 24 * 3_600_000

test('log cleanup keeps the ledger of what goes in one summary, from one cleaning to the next', async () => {
  let now = Date.UTC(2024, 0, 1)
  const runtime: Runtime = { ...systemRuntime, now: () => now, monotonic: () => now, sleep: async () => {} }
  const store = memoryStore(new Map(), runtime)
  const table = { store, path: 'kept' }
  const engine = await openDuckDB({ files: 'all' })
  const context = { connection: await engine.connect(), folder: tmpdir(), runtime }
  const schema = { type: 'struct' as const, fields: [] }
  let at: Snapshot = await openOrCreate(table, { schema }, runtime)
  for (let day = 0; day < 5; day++) {
    const { group, ...rest } = entry('0', day * 10, day * 10 + 10)
    const info = { millrace: { group, entries: [rest] } }
    at = (await commit(at, { operation: 'STREAMING UPDATE', info }, runtime)).snapshot
    if (day % 2 === 1) await writeCheckpoint(at, context)
    now += DAY
  }
  const entries = async () => (await Array.fromAsync(auditedCommits(table))).flatMap((each) => each.entries)
  const whole = foldLedger([], await entries())
  const clean = () => cleanLog(at, runtime, keepLedger)

  expect(await clean()).toBeGreaterThan(0)
  expect(await readLedgerSummary(table)).toMatchObject({ through: 3, entries: [{ from: ['0'], to: ['30'], rows: 30 }] })
  expect(foldLedger([], await entries())).toEqual(whole)
  await writeCheckpoint(at, context)
  now += 7 * DAY
  expect(await clean()).toBeGreaterThan(0)
  expect(await readLedgerSummary(table)).toMatchObject({ through: 4, entries: [{ from: ['0'], to: ['40'], rows: 40 }] })
  expect(foldLedger([], await entries())).toEqual(whole)
  expect(await Array.fromAsync(store.keys('_millrace/ledger/kept/'))).toHaveLength(1)
  engine.close()
})
