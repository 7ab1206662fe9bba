import { MillraceError, type Runtime, systemRuntime } from '@millrace/base'
import type { Machine } from '@millrace/engine'
import type { CleanedBatch, CommitResult, Output, Prepared, StoredAdvance } from '@millrace/outputs'
import type { Dataset } from '@millrace/transform'
import type { Partition } from '@millrace/transport'
import { afterAll, afterEach, beforeAll, describe, expect, test as plainTest, type TestAPI } from 'vitest'
import { type Batches, type BatchPart, openBatches } from './batches.ts'
import { keyedUsers } from './keyed.ts'

export { userRecord } from './batches.ts'

/** What goes wrong with a call to the store of an output. */
export type StoreFault = 'refused' | 'answer lost' | 'late' | 'slow'

/** Says which call goes wrong; calls of one opened output are counted from 0. */
export type StoreFaults = (call: number) => StoreFault | undefined

/** One store, and ways to look at it from outside. */
export interface OutputUnderTest {
  /** Opens the output as another process would, on the same store. */
  open(options: OpenOptions): Promise<Output>
  /** A message that this output keeps something of, known by its number. */
  message(number: number): string
  /** The numbers that a reader of the store sees, in ascending order. */
  visible(): Promise<readonly number[]>
  close(): Promise<void>
}

export interface OpenOptions {
  readonly dataset: Dataset
  readonly machine: Machine
  readonly group: string
  /** An output on a store that never fails by itself leaves this alone, and says so to the suite. */
  readonly faults: StoreFaults
}

export interface SuiteOptions {
  /** Whether the store can fail; not if it is in this process, where no answer gets lost. */
  readonly storeCanFail: boolean
  /**
   * What the output promises. `once per key`, of a store without transactions, is less in one point: while a commit is
   * under way, or after one that was cut off, a reader may see its rows before the progress has passed them. They are
   * there once all the same, also when they are written again. Everything else is asked of both.
   */
  readonly delivery?: 'exactly once' | 'once per key'
  /** Makes another data set of that of users: one with a key, of which `ind` is all. */
  readonly keyed?: boolean
  /** With the fixtures that the output needs, such as a server. */
  readonly test?: TestAPI
}

const GROUP = 'contract'
const partition = (id: string, identity = 'first'): Partition => ({ topic: 'users', identity, id })
const [P0, P1] = [partition('0'), partition('1')]

class Crash extends Error {}

/** Proves that an output keeps the delivery contract that stands on the seam. Every output runs it. */
export function describeOutput(
  name: string,
  { storeCanFail, delivery = 'exactly once', keyed = false, test = plainTest }: SuiteOptions,
  setUp: (machine: Machine) => Promise<OutputUnderTest>,
): void {
  describe(`the output ${name}`, () => {
    let batches: Batches
    let held: AsyncDisposableStack
    beforeAll(async () => {
      batches = await openBatches(keyed ? keyedUsers() : undefined)
    })
    afterAll(() => batches.close())
    afterEach(() => held.disposeAsync())

    const place = async () => {
      held = new AsyncDisposableStack()
      return held.adopt(await setUp(batches.machine), (under) => under.close())
    }
    const open = async (under: OutputUnderTest, given: Partial<OpenOptions> & { runtime?: Runtime } = {}) => {
      const { runtime = systemRuntime, ...options } = given
      const machine = { ...batches.machine, runtime }
      const opened = { dataset: batches.dataset, machine, group: GROUP, faults: () => undefined, ...options }
      return held.adopt(await under.open(opened), (output) => output.close())
    }
    /** Records with the numbers from one to another; their numbers are their offsets. */
    const part = (under: OutputUnderTest, of: Partition, from: number, to: number): BatchPart => ({
      ...{ partition: of, from },
      values: numbers(from, to).map((number) => under.message(number)),
    })
    const batchOf = (under: OutputUnderTest, from: number, to: number, of = P0) =>
      batches.batch(GROUP, part(under, of, from, to))
    const stored = async (output: Output, of = P0) => (await output.begin([of])).positions.get(of)

    test('has no position for a partition that is new, and knows its topic once it has one', async () => {
      const under = await place()
      const output = await open(under)
      expect(await output.begin([P0, P1])).toEqual({ positions: new Map(), ofKnownTopics: new Set() })
      expect(await output.commit(undefined, [advance(P0, undefined, 0)])).toMatchObject(COMMITTED)
      const begun = await (await open(under)).begin([P0, P1])
      expect(begun.positions).toEqual(new Map([[P0, [0n]]]))
      expect(begun.ofKnownTopics).toEqual(new Set([P0, P1]))
    })

    test('shows rows and progress together: nothing before the commit, everything after it', async () => {
      const under = await place()
      const output = await started(await open(under))
      const ready = await prepared(output, batchOf(under, 0, 5))
      expect(ready.isEmpty).toBe(false)
      expect(await under.visible()).toEqual([])
      expect(await stored(await open(under))).toEqual([0n])
      expect(await output.commit(ready, [advance(P0, 0, 5)])).toMatchObject(COMMITTED)
      expect(await under.visible()).toEqual(numbers(0, 5))
      expect(await stored(await open(under))).toEqual([5n])
      expect(output.describe()).toMatchObject({ table: output.name, rows: 5 })
    })

    test('keeps positions of several parts of up to 62 bits', async () => {
      const output = await open(await place())
      const to = [2n ** 62n - 1n, 0n, 12n]
      await output.begin([P0])
      expect(await output.commit(undefined, [{ partition: P0, from: undefined, to }])).toMatchObject(COMMITTED)
      expect(await stored(output)).toEqual(to)
      const next = [...to.slice(0, 2), 13n]
      expect(await output.commit(undefined, [{ partition: P0, from: to, to: next }])).toMatchObject(COMMITTED)
      expect(await stored(output)).toEqual(next)
    })

    test('keeps the progress of each pipeline apart', async () => {
      const under = await place()
      await started(await open(under))
      const other = await open(under, { group: 'another' })
      expect(await other.begin([P0])).toEqual({ positions: new Map(), ofKnownTopics: new Set() })
    })

    test('refuses a topic that was made anew under its old name', async () => {
      const under = await place()
      await started(await open(under))
      const output = await open(under)
      await expect(output.begin([partition('0', 'second')])).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
    })

    describe('the fence', () => {
      test('a worker whose partition another one has moved changes nothing', async () => {
        const under = await place()
        const zombie = await started(await open(under))
        const late = await prepared(zombie, batchOf(under, 0, 3))
        const owner = await begun(await open(under))
        await owner.commit(await prepared(owner, batchOf(under, 0, 5)), [advance(P0, 0, 5)])
        expect(await zombie.commit(late, [advance(P0, 0, 3)])).toEqual(FENCED)
        expect(await under.visible()).toEqual(numbers(0, 5))
        expect(await stored(zombie)).toEqual([5n])
      })

      test('one partition of several that is not ours any more fences the whole batch', async () => {
        const under = await place()
        const zombie = await started(await open(under), P0, P1)
        const batch = batches.batch(GROUP, part(under, P0, 0, 3), part(under, P1, 100, 103))
        const late = await prepared(zombie, batch)
        const owner = await begun(await open(under), P1)
        await owner.commit(undefined, [advance(P1, 0, 50)])
        expect(await zombie.commit(late, [advance(P0, 0, 3), advance(P1, 0, 103)])).toEqual(FENCED)
        expect(await under.visible()).toEqual([])
        expect(await stored(zombie)).toEqual([0n])
      })

      test('what a worker has learnt of another one by the way does not pass the fence', async () => {
        const under = await place()
        const zombie = await started(await open(under), P0, P1)
        const owner = await begun(await open(under))
        await owner.commit(undefined, [advance(P0, 0, 10)])
        // This one meets the owner's commit, and is right: nobody else has moved its partition.
        expect(await zombie.commit(undefined, [advance(P1, 0, 5)])).toMatchObject(COMMITTED)
        expect(await zombie.commit(undefined, [advance(P0, 0, 7)])).toEqual(FENCED)
        expect(await stored(zombie)).toEqual([10n])
      })

      test('of two workers that store where a partition begins, one does', async () => {
        const under = await place()
        const both = [await begun(await open(under)), await begun(await open(under))]
        const results = await Promise.all(
          both.map((output, i) => output.commit(undefined, [advance(P0, undefined, i)])),
        )
        expect(results.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'fenced'])
        const winner = results.findIndex(({ outcome }) => outcome === 'committed')
        expect(await stored(await open(under))).toEqual([BigInt(winner)])
      })

      test('of two workers that commit from the same position at once, one does', async () => {
        const under = await place()
        const both = [await started(await open(under)), await begun(await open(under))]
        const ready = await Promise.all(both.map((output) => prepared(output, batchOf(under, 0, 5))))
        const results = await Promise.all(
          both.map((output, i) => untilAnswered(() => output.commit(ready[i], [advance(P0, 0, 5)]))),
        )
        expect(results.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'fenced'])
        expect(await under.visible()).toEqual(numbers(0, 5))
      })

      test('workers with a partition each commit at once, and neither is fenced', async () => {
        const under = await place()
        const [first, second] = [await started(await open(under), P0), await started(await open(under), P1)]
        const ready = await Promise.all([
          prepared(first, batchOf(under, 0, 3, P0)),
          prepared(second, batchOf(under, 10, 13, P1)),
        ])
        const [a, b] = await Promise.all([
          first.commit(ready[0], [advance(P0, 0, 3)]),
          second.commit(ready[1], [advance(P1, 0, 13)]),
        ])
        expect([a?.outcome, b?.outcome]).toEqual(['committed', 'committed'])
        expect(await under.visible()).toEqual([0, 1, 2, 10, 11, 12])
      })
    })

    test('what was prepared and never committed is never seen, also when it was prepared again', async () => {
      const under = await place()
      const output = await started(await open(under))
      await prepared(output, batchOf(under, 0, 5))
      const again = await prepared(output, batchOf(under, 0, 5))
      expect(await output.commit(again, [advance(P0, 0, 5)])).toMatchObject(COMMITTED)
      expect(await under.visible()).toEqual(numbers(0, 5))
    })

    test('batches that were prepared side by side are committed one after another', async () => {
      const under = await place()
      const output = await started(await open(under))
      const ready = await Promise.all([0, 4, 8].map((from) => prepared(output, batchOf(under, from, from + 4))))
      for (const [i, each] of ready.entries()) {
        expect(await output.commit(each, [advance(P0, i * 4, i * 4 + 4)])).toMatchObject(COMMITTED)
      }
      expect(await under.visible()).toEqual(numbers(0, 12))
    })

    const left = delivery === 'exactly once' ? 'both rows and progress, or neither' : 'no progress without its rows'
    test(`a process that dies anywhere leaves ${left}`, async () => {
      for (const point of await pointsPassed(await place())) {
        const under = await place()
        const dying = await open(under, { runtime: { ...systemRuntime, crashPoint: crashAt(point) } }).catch(crashed)
        if (dying) await carry(dying, under).catch(crashed)
        const passed = numbers(0, Number((await stored(await open(under)))?.[0] ?? 0n))
        if (delivery === 'exactly once') expect(await under.visible()).toEqual(passed)
        else expect([passed, numbers(0, 5)]).toContainEqual(await under.visible())
        const next = await open(under)
        const from = Number((await stored(next))?.[0] ?? 0n)
        if (from === 0) await carry(next, under)
        expect(await under.visible()).toEqual(numbers(0, 5))
        await held.disposeAsync()
      }
    })

    /** The points at which this output can be killed. */
    async function pointsPassed(under: OutputUnderTest): Promise<readonly string[]> {
      const points = new Set<string>()
      const runtime = { ...systemRuntime, crashPoint: (point: string) => void points.add(point) }
      await carry(await open(under, { runtime }), under)
      await held.disposeAsync()
      return [...points]
    }

    /** Stores a start unless there is one, then five records. */
    async function carry(output: Output, under: OutputUnderTest): Promise<void> {
      if (!(await stored(output))) await output.commit(undefined, [advance(P0, undefined, 0)])
      await output.commit(await prepared(output, batchOf(under, 0, 5)), [advance(P0, 0, 5)])
    }

    const failing = storeCanFail ? test : undefined
    failing?.for(['refused', 'answer lost', 'late', 'slow'] as const)(
      'a call to the store that is %s in a commit loses and doubles nothing',
      async (fault) => {
        for (let failing = 0, reached = true; reached; failing++) {
          const under = await place()
          let armed = false
          let calls = 0
          const faults = () => (armed && calls++ === failing ? fault : undefined)
          const output = await started(await open(under, { faults }))
          const ready = await prepared(output, batchOf(under, 0, 5))
          armed = true
          const { outcome } = await untilAnswered(() => output.commit(ready, [advance(P0, 0, 5)]))
          armed = false
          reached = calls > failing
          // A call that was made again may find its own first one: then the worker begins again, from here.
          if (outcome === 'committed') expect(await under.visible()).toEqual(numbers(0, 5))
          expect(await stored(await open(under))).toEqual([5n])
          expect(await under.visible()).toEqual(numbers(0, 5))
          await held.disposeAsync()
        }
      },
    )

    failing?.('an upload that failed half-way goes on, and nothing is doubled', async () => {
      const under = await place()
      let armed = false
      const faults = () => {
        const fault = armed ? ('answer lost' as const) : undefined
        armed = false
        return fault
      }
      const output = await started(await open(under, { faults }))
      const ready = await output.prepare(batchOf(under, 0, 5))
      armed = true
      await untilAnswered(() => output.upload(ready))
      armed = false
      expect(await output.commit(ready, [advance(P0, 0, 5)])).toMatchObject(COMMITTED)
      expect(await under.visible()).toEqual(numbers(0, 5))
    })

    test('maintenance changes nothing that a reader or a worker sees', async () => {
      const under = await place()
      const output = await started(await open(under))
      for (let from = 0; from < 12; from += 4) {
        await output.commit(await prepared(output, batchOf(under, from, from + 4)), [advance(P0, from, from + 4)])
      }
      for (const task of output.maintenance) await task.run(new AbortController().signal)
      expect(await under.visible()).toEqual(numbers(0, 12))
      expect(await stored(await open(under))).toEqual([12n])
      expect(await output.commit(undefined, [advance(P0, 12, 13)])).toMatchObject(COMMITTED)
    })
  })
}

const COMMITTED = { outcome: 'committed' }
const FENCED: CommitResult = { outcome: 'fenced' }

function advance(of: Partition, from: number | undefined, to: number): StoredAdvance {
  return { partition: of, from: from === undefined ? undefined : [BigInt(from)], to: [BigInt(to)] }
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

async function begun(output: Output, ...partitions: readonly Partition[]): Promise<Output> {
  await output.begin(partitions.length === 0 ? [P0] : partitions)
  return output
}

/** An output whose partitions begin at 0. */
async function started(output: Output, ...given: readonly Partition[]): Promise<Output> {
  const partitions = given.length === 0 ? [P0] : given
  await output.begin(partitions)
  const advances = partitions.map((each) => advance(each, undefined, 0))
  expect(await output.commit(undefined, advances)).toMatchObject(COMMITTED)
  return begun(output, ...partitions)
}

async function prepared(output: Output, batch: CleanedBatch): Promise<Prepared> {
  const ready = await output.prepare(batch)
  await output.upload(ready)
  return ready
}

/** As a worker does: calls again after a failure that can heal. */
async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call()
    } catch (error) {
      if (tries === 5 || !(error instanceof MillraceError) || !error.retry) throw error
    }
  }
}

function crashAt(point: string): (passing: string) => void {
  return (passing) => {
    if (passing === point) throw new Crash(point)
  }
}

function crashed(error: unknown): undefined {
  expect(error).toBeInstanceOf(Crash)
  return undefined
}
