import type { Objects } from '@millrace/store'
import { Crash, type Fault, type FaultPlan } from '@millrace/store'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  addColumn,
  advance,
  append,
  checkpoint,
  cleanup,
  deleteBelow,
  EMPTY,
  modelledTable,
  optimize,
  overwrite,
  replaceBelow,
  type State,
  type Step,
  same,
  vacuum,
} from './model.ts'
import { openTestTables, type TestTables } from './test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Each kind of step, on a table that has something for it to do. */
const LIFE: Step[] = [
  append(range(0, 5)),
  append(range(5, 10)),
  advance,
  replaceBelow(3, [0, 1]),
  deleteBelow(1),
  optimize,
  checkpoint,
  append(range(10, 15)),
  addColumn('more'),
  overwrite(range(20, 25)),
  append(range(25, 30)),
  checkpoint,
  vacuum,
  cleanup,
  optimize,
]

test('a crash at any call of any step leaves the state before it or after it, and the step can be done again', async () => {
  const table = modelledTable(testTables)
  let [state, objects]: [State, Objects] = [EMPTY, new Map()]
  for (const step of LIFE) {
    const after = step.model(state)
    // A crash after a call is one before the next.
    for (let at = 0; ; at++) {
      const left: Objects = new Map(objects)
      const plan: FaultPlan = ({ number }) => (number === at ? 'crash before' : undefined)
      if (!(await crashes(table.run(left, step, state, plan)))) break
      const found = await table.read(left)
      const what = `${step.name}, crash before call ${at}`
      expect(same(found, state) || same(found, after), what).toBe(true)
      await table.run(left, step, found)
      expect(same(await table.read(left), step.model(found)), `${what}, then again`).toBe(true)
    }
    await table.run(objects, step, state)
    state = after
    expect(same(await table.read(objects), state), step.name).toBe(true)
  }
})

async function crashes(work: Promise<void>): Promise<boolean> {
  try {
    await work
    return false
  } catch (error) {
    if (error instanceof Crash || (error as Error).cause instanceof Crash) return true
    throw error
  }
}

const ids = fc.array(fc.nat(40), { maxLength: 6 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  ids.map(append),
  ids.map(overwrite),
  fc.tuple(fc.nat(40), ids).map(([limit, some]) => replaceBelow(limit, some)),
  fc.nat(40).map(deleteBelow),
  fc.constantFrom(advance, optimize, checkpoint, cleanup, vacuum, addColumn('more')),
)

const FAULTS: Fault[] = ['refused', 'answer lost', 'late', 'own taken', 'torn list', 'crash before', 'crash after']
const anyFaults: fc.Arbitrary<FaultPlan> = fc
  .array(fc.record({ at: fc.nat(25), fault: fc.constantFrom(...FAULTS) }), { maxLength: 3 })
  .map(
    (faults) =>
      ({ number }) =>
        faults.find(({ at }) => at === number)?.fault,
  )

test('any steps on a store that fails in any way leave what the model says, step by step', async () => {
  const life = fc.array(fc.tuple(anyStep, anyFaults), { minLength: 4, maxLength: 10 })
  await fc.assert(
    fc.asyncProperty(life, async (steps) => {
      const table = modelledTable(testTables)
      const objects: Objects = new Map()
      let state = EMPTY
      for (const [step, faults] of steps) {
        const done = await table.run(objects, step, state, faults).then(
          () => true,
          () => false,
        )
        const found = await table.read(objects)
        const after = step.model(state)
        const asExpected = done ? same(found, after) : same(found, state) || same(found, after)
        expect(asExpected, `${step.name}: ${JSON.stringify({ before: state, found, done })}`).toBe(true)
        state = found
      }
    }),
    { numRuns: 100 },
  )
})
