import { systemRuntime } from '@millrace/base'
import { commit, openOrCreate } from '@millrace/delta'
import { verifyTable } from '@millrace/outputs'
import { memoryStore } from '@millrace/store'
import fc from 'fast-check'
import { expect, it } from 'vitest'

interface Batch {
  readonly group: string
  readonly records: number
  /** How many of the records stay out of the table, and how many of the rest go to quarantine. */
  readonly filtered: number
  readonly quarantined: number
}

async function problemsOf(batches: readonly Batch[], starts: Readonly<Record<string, number>>): Promise<string[]> {
  const table = { store: memoryStore(new Map(), systemRuntime), path: 't' }
  let snapshot = await openOrCreate(table, { schema: { type: 'struct', fields: [] } }, systemRuntime)
  const positions = { ...starts }
  for (const { group, records, filtered, quarantined } of batches) {
    const from = positions[group] ?? 0
    positions[group] = from + records
    const entry = {
      ...{ topic: 'users', identity: 'i', partition: '0', from: [String(from)], to: [String(from + records)] },
      ...{ records, rows: 0, filtered, quarantined, elsewhere: records - filtered - quarantined },
    }
    const info = { millrace: { group, dataset: 'user', entries: [entry] } }
    const result = await commit(snapshot, { operation: 'STREAMING UPDATE', info }, systemRuntime)
    snapshot = result.snapshot
  }
  return [...(await verifyTable(table)).problems]
}

const batch = fc
  .record({ group: fc.constantFrom('one', 'two', 'three'), records: fc.nat(4), kept: fc.boolean() })
  .map(({ group, records, kept }): Batch => {
    return { group, records, filtered: kept ? 0 : records, quarantined: kept ? records : 0 }
  })

it('finds a record that two groups have kept, and nothing where none has been kept twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { maxLength: 8 }),
      fc.record({ one: fc.nat(6), two: fc.nat(6), three: fc.nat(6) }),
      async (batches, starts) => {
        const positions: Record<string, number> = { ...starts }
        const keepers = new Map<number, Set<string>>()
        for (const { group, records, quarantined } of batches) {
          const from = positions[group] ?? 0
          positions[group] = from + records
          for (let offset = from; quarantined > 0 && offset < from + records; offset++) {
            keepers.set(offset, (keepers.get(offset) ?? new Set()).add(group))
          }
        }
        const isDoubled = [...keepers.values()].some(({ size }) => size > 1)
        expect((await problemsOf(batches, starts)).length > 0).toBe(isDoubled)
      },
    ),
    { numRuns: 40 },
  )
})

it('says which groups, and between which positions', async () => {
  const all = { filtered: 0, quarantined: 10, records: 10 }
  const problems = await problemsOf(
    [
      { group: 'one', ...all },
      { group: 'two', ...all },
    ],
    { one: 0, two: 7 },
  )
  expect(problems).toEqual(['users/0: what lies between 7 and 10 is there twice: one and two have both committed it'])
})
