import { MillraceError, type Runtime, systemRuntime } from '@millrace/base'
import { type Output, outputAt } from '@millrace/outputs'
import { faultyStore, memoryStore, type ObjectStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
function named({ id, seq }: { readonly id: number; readonly seq: number }, names: number): Change {
  const deletes = (id + seq) % 3 === 0
  return { id, seq, op: deletes ? 'd' : 'u', name: deletes ? '' : `name ${seq % names}` }
}

/** The log of each key: what happened at each sequence. */
type Log = ReadonlyMap<number, ReadonlyMap<number, Change>>

/** A kind of keyed table, and what it has to hold after a log. */
interface Kind {
  readonly dataset: object
  /** How many names there are: few where equal changes are to meet. */
  readonly names: number
  rows(log: Log): readonly string[]
  /** What of a row depends on the order in which changes came. */
  readonly ignores?: RegExp
}

const inOrder = (log: Log) =>
  [...log].sort(([a], [b]) => a - b).map(([, changes]) => [...changes.values()].sort((a, b) => a.seq - b.seq))

const newestRows = (log: Log) =>
  inOrder(log).flatMap((changes) => {
    const last = changes.at(-1)
    return last?.op === 'u' ? [`${last.id}: ${last.name} (${last.seq})`] : []
  })

const versionRows = (log: Log, merges: boolean) =>
  inOrder(log).flatMap((all) => {
    const changes = all.filter(({ op, name }, i) => !(merges && op === 'u' && all[i - 1]?.name === name))
    return changes.flatMap(({ id, seq, name, op }, i) =>
      op === 'u' ? [`${id}: ${name} (${seq}) from ${seq} to ${changes[i + 1]?.seq ?? 'now'}`] : [],
    )
  })

const KINDS: Readonly<Record<string, Kind>> = {
  upsert: { dataset: {}, names: 100, rows: newestRows },
  'upsert without equal changes': { dataset: { ignoreEqual: true }, names: 2, rows: newestRows, ignores: / \(\d+\)$/ },
  'upsert of rows that move between partitions': { dataset: { partitionBy: ['name'] }, names: 2, rows: newestRows },
  'upsert in partitions of the key': { dataset: { partitionBy: ['id'] }, names: 100, rows: newestRows },
  'history in partitions of the key': {
    dataset: { mode: 'history', partitionBy: ['id'] },
    names: 100,
    rows: (log) => versionRows(log, false),
  },
  history: { dataset: { mode: 'history' }, names: 100, rows: (log) => versionRows(log, false) },
  'history without equal changes': {
    dataset: { mode: 'history', ignoreEqual: true },
    names: 2,
    rows: (log) => versionRows(log, true),
  },
}

const partition = (id: number) => ({ topic: 'people', identity: 'first', id: String(id) })

/** Proves of so many random courses of events that the table holds what a log of all changes says. */
export function describeUpserts(numRuns: number): void {
  describe.each(Object.keys(KINDS))('%s', (name) => {
    const kind = KINDS[name] as Kind
    beforeAll(async () => {
      batches = await openBatches(peopleDataset(kind.dataset))
    })
    afterAll(() => batches.close())

    test('late, doubled and disordered changes of two workers, killed and lied to, by copies and by vectors', async () => {
      const course = fc.array(step, { minLength: 1, maxLength: 6 })
      await fc.assert(
        fc.asyncProperty(course, fc.boolean(), (steps, vectors) => play(steps, vectors, kind)),
        { numRuns },
      )
    })
  })
}

async function play(steps: readonly Step[], vectors: boolean, kind: Kind): Promise<void> {
  const store = memoryStore(new Map(), systemRuntime)
  if (vectors) await createWithVectors(store, batches.dataset)
  const log = new Map<number, Map<number, Change>>()
  const workers = await Promise.all([0, 1].map((id) => openWorker(store, id)))
  for (const { read, crashAt, fault, optimizes } of steps) {
    const given = read.map((part) => part.map((each) => named(each, kind.names)))
    await Promise.all([
      ...workers.map((worker, i) => worker.carry(given[i] ?? [], i === 0 ? crashAt : undefined, fault)),
      optimizes ? optimizePeople(store, batches.machine) : undefined,
    ])
    for (const each of given.flat()) log.set(each.id, (log.get(each.id) ?? new Map()).set(each.seq, each))
    const comparable = (rows: readonly unknown[]) => rows.map((row) => String(row).replace(kind.ignores ?? '', ''))
    expect(comparable(await peopleIn(store, batches.machine))).toEqual(comparable(kind.rows(log)))
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
