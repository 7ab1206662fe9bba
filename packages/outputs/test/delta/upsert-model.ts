import { MillraceError, type Runtime, systemRuntime } from '@millrace/base'
import { type Output, outputAt } from '@millrace/outputs'
import { faultyStore, memoryStore, type ObjectStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Batches, openBatches } from '../batches.ts'
import type { StoreFault } from '../contract.ts'
import { peopleDataset, person } from '../keyed.ts'
import { createWithVectors, optimizePeople, peopleIn, TABLE } from './people-table.ts'

let batches: Batches

class Crash extends Error {}

interface Change {
  readonly id: number
  readonly seq: number
  readonly name: string
  readonly op: 'u' | 'd'
}

interface Step {
  /** The changes that each of two workers has read, each from a partition of its own. */
  readonly read: readonly (readonly Pick<Change, 'id' | 'seq'>[])[]
  /** Where the first worker is killed once, and which call to the store goes wrong, and how. */
  readonly crashAt: string | undefined
  readonly fault: { readonly call: number; readonly how: StoreFault } | undefined
  readonly optimizes: boolean
}

const POINTS = ['tombstones written', 'changes uploaded']
const FAULTS: readonly StoreFault[] = ['refused', 'answer lost', 'late']

/** Few keys, so that changes meet; the sequence is drawn apart from the order in which they are read. */
const change = fc.record({
  id: fc.integer({ min: 0, max: 6 }),
  seq: fc.integer({ min: 0, max: 40 }),
})
const changes = fc.array(change, { maxLength: 5 })
const step = fc.record({
  read: fc.tuple(changes, changes),
  crashAt: fc.option(fc.constantFrom(...POINTS), { nil: undefined, freq: 4 }),
  fault: fc.option(fc.record({ call: fc.integer({ min: 0, max: 12 }), how: fc.constantFrom(...FAULTS) }), {
    nil: undefined,
    freq: 4,
  }),
  optimizes: fc.boolean(),
})

/** Changes of one key and sequence are the same change: it does not matter which of two workers brings it first. */
function named({ id, seq }: { readonly id: number; readonly seq: number }): Change {
  const deletes = (id + seq) % 3 === 0
  return { id, seq, op: deletes ? 'd' : 'u', name: deletes ? '' : `${id} at ${seq}` }
}

const partition = (id: number) => ({ topic: 'people', identity: 'first', id: String(id) })

/** Proves of so many random courses of events that the table ends with what the newest change of each key says. */
export function describeUpserts(numRuns: number): void {
  beforeAll(async () => {
    batches = await openBatches(peopleDataset())
  })
  afterAll(() => batches.close())

  test.each([
    ['copied files', false],
    ['deletion vectors', true],
  ])('late, doubled and disordered changes of two workers, killed and lied to: %s', async (_, vectors) => {
    const course = fc.array(step, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(course, (steps) => play(steps, vectors)),
      { numRuns },
    )
  })
}

async function play(steps: readonly Step[], vectors: boolean): Promise<void> {
  const store = memoryStore(new Map(), systemRuntime)
  if (vectors) await createWithVectors(store, batches.dataset)
  const model = new Map<number, Change>()
  const workers = await Promise.all([0, 1].map((id) => openWorker(store, id)))
  for (const { read, crashAt, fault, optimizes } of steps) {
    const given = read.map((part) => part.map(named))
    await Promise.all([
      ...workers.map((worker, i) => worker.carry(given[i] ?? [], i === 0 ? crashAt : undefined, fault)),
      optimizes ? optimizePeople(store, batches.machine) : undefined,
    ])
    for (const each of given.flat()) if (each.seq >= (model.get(each.id)?.seq ?? -1)) model.set(each.id, each)
    const newest = [...model.values()].filter(({ op }) => op === 'u').sort((a, b) => a.id - b.id)
    expect(await peopleIn(store, batches.machine)).toEqual(newest.map(({ id, name, seq }) => `${id}: ${name} (${seq})`))
  }
}

/** A worker that reads one partition, and begins again where it was killed or fenced. */
async function openWorker(store: ObjectStore, id: number) {
  const own = partition(id)
  let crash: string | undefined
  let failing: Step['fault']
  let calls = 0
  const runtime: Runtime = {
    ...systemRuntime,
    crashPoint(point) {
      if (point !== crash) return
      crash = undefined
      throw new Crash(point)
    },
  }
  const faults = () => (failing && calls++ === failing.call ? failing.how : undefined)
  const machine = { ...batches.machine, runtime }
  const dataset: Dataset = batches.dataset
  const open = async (): Promise<Output> => {
    const { open } = await outputAt('delta')
    const context = { address: 'delta', table: TABLE, dataset, group: 'g', machine }
    return open({ ...context, store: faultyStore(store, faults, systemRuntime) })
  }
  let output = await open()
  let at = 0
  await output.begin([own])
  await output.commit(undefined, [{ partition: own, from: undefined, to: [0n] }])
  await output.begin([own])

  const tryOnce = async (values: readonly string[]) => {
    const prepared = await output.prepare(batches.batch('g', { partition: own, from: at, values }))
    await output.upload(prepared)
    const to = BigInt(at + values.length)
    await output.commit(prepared, [{ partition: own, from: [BigInt(at)], to: [to] }])
  }
  return {
    async carry(given: readonly Change[], crashAt: string | undefined, fault: Step['fault']) {
      if (given.length === 0) return
      ;[crash, failing, calls] = [crashAt, fault, 0]
      const values = given.map(({ id, seq, name, op }) => person(id, seq, name, op))
      for (let stored = at; stored < at + values.length; ) {
        try {
          await tryOnce(values)
        } catch (error) {
          if (!(error instanceof Crash) && !(error instanceof MillraceError && error.retry)) throw error
          failing = undefined
          output = await open()
        }
        failing = undefined
        stored = Number((await output.begin([own])).positions.get(own)?.[0])
      }
      at += values.length
    },
  }
}
