import type { Output } from '@millrace/outputs'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Batches } from './batches.ts'
import { person } from './keyed.ts'

/** A change of a person, as the model knows it. */
interface Change {
  readonly id: number
  readonly seq: number
  readonly name: string | null
  readonly op: 'u' | 'd'
}

export interface KeyedPlace {
  open(): Promise<Output>
  /** The table's rows, by id. */
  people(): Promise<readonly { readonly id: number; readonly name: string | null; readonly seq: number }[]>
  close(): Promise<void>
}

/** No two changes of a key have the same sequence: stores that compare nothing else could not tell them apart. */
const changes = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 40 })), {
    selector: ([id, seq]) => id * 1000 + seq,
    minLength: 1,
    maxLength: 60,
  })
  .chain((keys) =>
    fc.tuple(
      ...keys.map(([id, seq]) =>
        fc.record({
          ...{ id: fc.constant(id), seq: fc.constant(seq) },
          ...{ name: fc.option(fc.constantFrom('a', 'Ä', 'it’s "b",\nc')), op: fc.constantFrom('u', 'u', 'd') },
        }),
      ),
    ),
  ) as fc.Arbitrary<Change[]>

const PARTITION = { topic: 'people', identity: 'first', id: '0' }

/**
 * Sends random changes in random order and random batches, and compares the table with a model that
 * knows only that the greatest sequence of a key wins.
 */
export async function followsModel(batches: Batches, place: () => Promise<KeyedPlace>, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(changes, fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 6 }), async (all, sizes) => {
      const under = await place()
      try {
        await carry(await under.open(), batches, all, sizes)
        expect(await under.people()).toEqual(modelOf(all))
      } finally {
        await under.close()
      }
    }),
    { numRuns: runs },
  )
}

async function carry(output: Output, batches: Batches, all: readonly Change[], sizes: readonly number[]) {
  await output.begin([PARTITION])
  const at = (number: number) => [BigInt(number)]
  await output.commit(undefined, [{ partition: PARTITION, from: undefined, to: at(0) }])
  await output.begin([PARTITION])
  for (let from = 0, i = 0; from < all.length; i++) {
    const to = Math.min(all.length, from + (sizes[i] ?? all.length))
    const values = all.slice(from, to).map(({ id, seq, name, op }) => person(id, seq, name, op))
    const prepared = await output.prepare(batches.batch('model', { partition: PARTITION, from, values }))
    await output.upload(prepared)
    const advance = { partition: PARTITION, from: at(from), to: at(to) }
    expect(await output.commit(prepared, [advance])).toMatchObject({ outcome: 'committed' })
    from = to
  }
  await output.close()
}

function modelOf(all: readonly Change[]) {
  const newest = new Map<number, Change>()
  for (const change of all) if (change.seq > (newest.get(change.id)?.seq ?? 0)) newest.set(change.id, change)
  return [...newest.values()]
    .filter(({ op }) => op === 'u')
    .map(({ id, name, seq }) => ({ id, name: name?.trim() ?? null, seq }))
    .sort((a, b) => a.id - b.id)
}
