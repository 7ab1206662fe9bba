import { MillraceError, systemRuntime } from '@millrace/base'
import { anchorLast, type Output, type PipelineOutputs } from '@millrace/outputs'
import type { Partition } from '@millrace/transport'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Batches, openBatches, userRecord } from './batches.ts'
import { numbers } from './contract.ts'
import { emptyPlace, type MemoryPlace, memoryOutput } from './memory-output.ts'

const P0: Partition = { topic: 'users', identity: 'first', id: '0' }
const GROUP = 'g'

let batches: Batches
beforeAll(async () => {
  batches = await openBatches()
})
afterAll(() => batches.close())

let anchorPlace: MemoryPlace
let otherPlace: MemoryPlace
beforeEach(() => {
  anchorPlace = emptyPlace()
  otherPlace = emptyPlace()
})

const inds = (place: MemoryPlace) => place.state.rows.map(({ ind }) => Number(ind)).sort((a, b) => a - b)
const open = (place: MemoryPlace): Output =>
  memoryOutput(place, { dataset: batches.dataset, machine: batches.machine, group: GROUP, faults: () => undefined })
const pair = (anchor = open(anchorPlace), other = open(otherPlace)) => anchorLast(anchor, [other], systemRuntime)
const move = (from: number | undefined, to: number) => [
  { partition: P0, from: from === undefined ? undefined : [BigInt(from)], to: [BigInt(to)] },
]
async function started(outputs: PipelineOutputs): Promise<PipelineOutputs> {
  await outputs.begin([P0])
  await outputs.commit(undefined, move(undefined, 0))
  await outputs.begin([P0])
  return outputs
}
const batchOf = (from: number, to: number) =>
  batches.batch(GROUP, { partition: P0, from, values: numbers(from, to).map(userRecord) })

async function prepared(outputs: PipelineOutputs, from: number, to: number) {
  const ready = await outputs.prepare(batchOf(from, to))
  await outputs.upload(ready)
  return ready
}

describe('rule 6: the anchor commits last', () => {
  it('an output that is added later begins where the anchor is, and stores that before anything is read', async () => {
    const alone = await started(anchorLast(open(anchorPlace), [], systemRuntime))
    await alone.commit(await prepared(alone, 0, 5), move(0, 5))
    const outputs = pair()
    expect((await outputs.begin([P0])).positions.get(P0)).toEqual([5n])
    expect((await open(otherPlace).begin([P0])).positions.get(P0)).toEqual([5n])
    // What the anchor gets while the other one is not there is for it as well.
    const without = await started(anchorLast(open(anchorPlace), [], systemRuntime))
    await without.commit(await prepared(without, 5, 8), move(5, 8))
    expect((await pair().begin([P0])).positions.get(P0)).toEqual([5n])
  })

  it('the others commit before it: when it is fenced they have what they have, and say so at the next start', async () => {
    const outputs = await started(pair())
    const ready = await prepared(outputs, 0, 5)
    await open(anchorPlace).commit(undefined, move(0, 2))
    expect(await outputs.commit(ready, move(0, 5))).toEqual({ outcome: 'fenced' })
    expect(inds(anchorPlace)).toEqual([])
    expect(inds(otherPlace)).toEqual(numbers(0, 5))
  })

  it('columns that come with rows are there before another output commits them; where they can not be, nobody commits', async () => {
    let canBe = false
    const outputs = await started(pair({ ...open(anchorPlace), addColumns: async () => canBe }))
    const ready = await prepared(outputs, 0, 5)
    expect(await outputs.commit(ready, move(0, 5))).toEqual({ outcome: 'fenced' })
    expect(inds(otherPlace)).toEqual([])
    canBe = true
    expect(await outputs.commit(ready, move(0, 5))).toMatchObject({ outcome: 'committed' })
    expect(inds(otherPlace)).toEqual(numbers(0, 5))
  })

  it('another output that is fenced keeps the anchor from committing', async () => {
    const outputs = await started(pair())
    const ready = await prepared(outputs, 0, 5)
    await open(otherPlace).commit(undefined, move(0, 3))
    expect(await outputs.commit(ready, move(0, 5))).toEqual({ outcome: 'fenced' })
    expect(inds(anchorPlace)).toEqual([])
  })

  it('an output of rejected records is left alone while it has none, however far the anchor goes', async () => {
    const quarantine = (output: Output): Output => ({ ...output, held: async () => undefined })
    const idle = { ...open(otherPlace), prepare: async () => ({ files: 0, fileBytes: 0, isEmpty: true }) }
    const outputs = await started(pair(open(anchorPlace), quarantine(idle)))
    expect(await outputs.commit(await prepared(outputs, 0, 5), move(0, 5))).toMatchObject({ outcome: 'committed' })
    expect(otherPlace.state.version).toBe(0)
    // And is not fenced when it has something again.
    const later = await started(pair(open(anchorPlace), quarantine(open(otherPlace))))
    expect(await later.commit(await prepared(later, 5, 8), move(5, 8))).toMatchObject({ outcome: 'committed' })
    expect(inds(otherPlace)).toEqual([5, 6, 7])
  })

  it('any other output moves its progress with every batch, for what it lacks is read again', async () => {
    const idle = { ...open(otherPlace), prepare: async () => ({ files: 0, fileBytes: 0, isEmpty: true, rows: [] }) }
    const outputs = await started(pair(open(anchorPlace), idle))
    await outputs.commit(await prepared(outputs, 0, 5), move(0, 5))
    expect((await pair().begin([P0])).positions.get(P0)).toEqual([5n])
  })

  it('a commit that failed in the anchor and is made again does not double what the others have', async () => {
    const anchor = open(anchorPlace)
    let fails = 1
    const failing: Output = {
      ...anchor,
      async commit(ready, advances) {
        if (ready && fails-- > 0) throw new MillraceError('STORE_FAILED', 'the store is busy')
        return anchor.commit(ready, advances)
      },
    }
    const outputs = await started(pair(failing))
    const ready = await prepared(outputs, 0, 5)
    await expect(outputs.commit(ready, move(0, 5))).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(await outputs.commit(ready, move(0, 5))).toMatchObject({ outcome: 'committed' })
    expect(inds(otherPlace)).toEqual(numbers(0, 5))
    expect(inds(anchorPlace)).toEqual(numbers(0, 5))
  })
})

/** The other output has committed five records that the anchor has not. */
async function startedWithOneAhead(): Promise<PipelineOutputs> {
  await (await started(pair())).close()
  const alone = open(otherPlace)
  await alone.begin([P0])
  await alone.commit(await alone.prepare(batchOf(0, 5)), move(0, 5))
  const outputs = pair()
  await outputs.begin([P0])
  return outputs
}

describe('an output of rows that a kill left ahead of the anchor', () => {
  it('gets only what comes after it, in whatever batches the records come again', async () => {
    const outputs = await startedWithOneAhead()
    // The first lies before it, the second across it, the third after it; they are prepared side by side.
    const ready = [await prepared(outputs, 0, 3), await prepared(outputs, 3, 7), await prepared(outputs, 7, 9)]
    for (const [i, advances] of [move(0, 3), move(3, 7), move(7, 9)].entries()) {
      expect(await outputs.commit(ready[i], advances)).toMatchObject({ outcome: 'committed' })
    }
    expect(inds(otherPlace)).toEqual(numbers(0, 9))
    expect(inds(anchorPlace)).toEqual(numbers(0, 9))
  })

  it('does not go back: a kill in the middle of catching up leaves it where it is', async () => {
    const outputs = await startedWithOneAhead()
    await outputs.commit(await prepared(outputs, 0, 3), move(0, 3))
    const next = pair()
    await next.begin([P0])
    expect(await next.commit(await prepared(next, 3, 9), move(3, 9))).toMatchObject({ outcome: 'committed' })
    expect(inds(otherPlace)).toEqual(numbers(0, 9))
    expect(inds(anchorPlace)).toEqual(numbers(0, 9))
  })
})

/** The anchor has ten records, of which the other output has four: it was detached then. */
async function detached(): Promise<void> {
  const outputs = await started(pair())
  await outputs.commit(await prepared(outputs, 0, 4), move(0, 4))
  const without = anchorLast(open(anchorPlace), [], systemRuntime)
  await without.begin([P0])
  await without.commit(await prepared(without, 4, 10), move(4, 10))
}

describe('an output that was detached and is attached again', () => {
  it('is read for from where it is, and the anchor gets nothing twice', async () => {
    await detached()
    const outputs = pair()
    const { positions, behind } = await outputs.begin([P0])
    expect(positions.get(P0)).toEqual([4n])
    expect(behind.get(P0)).toEqual({ output: 'user', anchor: [10n] })
    expect(outputs.standing()).toMatchObject([{ isAnchor: true }, { behind: 6, partitionsBehind: 1 }])
    for (const [from, to] of [
      [4, 7],
      [7, 10],
      [10, 12],
    ] as const) {
      const ready = await prepared(outputs, from, to)
      expect(await outputs.commit(ready, move(from, to))).toMatchObject({ outcome: 'committed' })
    }
    expect(outputs.standing()).toMatchObject([{ isAnchor: true }, { behind: 0, partitionsBehind: 0 }])
    expect(inds(otherPlace)).toEqual(numbers(0, 12))
    expect(inds(anchorPlace)).toEqual(numbers(0, 12))
  })

  it('goes on catching up after a kill, in batches that were prepared side by side', async () => {
    await detached()
    const killed = pair()
    await killed.begin([P0])
    await killed.commit(await prepared(killed, 4, 6), move(4, 6))
    const outputs = pair()
    expect((await outputs.begin([P0])).positions.get(P0)).toEqual([6n])
    const ready = [await prepared(outputs, 6, 10), await prepared(outputs, 10, 13)]
    await outputs.commit(ready[0], move(6, 10))
    await outputs.commit(ready[1], move(10, 13))
    expect(inds(otherPlace)).toEqual(numbers(0, 13))
    expect(inds(anchorPlace)).toEqual(numbers(0, 13))
  })

  it('tells the account of a batch without what the anchor has already', async () => {
    await detached()
    const batch = batches.batch(
      GROUP,
      { partition: P0, from: 4, values: numbers(4, 10).map(userRecord) },
      { partition: P0, from: 10, values: numbers(10, 13).map(userRecord) },
    )
    const left = batches.batch(GROUP, { partition: P0, from: 10, values: numbers(10, 13).map(userRecord) })
    const { ledger } = await batch.from(new Map([['users/0', [10n]]])).report()
    expect(ledger).toEqual((await left.report()).ledger)
  })
})

describe('how the outputs are doing', () => {
  it('is told with the last failure, which is over when a call has passed', async () => {
    const other = open(otherPlace)
    let isDown = true
    const down: Output = {
      ...other,
      async commit(ready, advances) {
        if (ready && isDown) throw new MillraceError('STORE_FAILED', 'the database is away')
        return other.commit(ready, advances)
      },
    }
    const outputs = await started(pair(open(anchorPlace), down))
    const ready = await prepared(outputs, 0, 5)
    await expect(outputs.commit(ready, move(0, 5))).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(outputs.standing()[1]?.failure).toMatchObject({ message: 'the database is away', lasts: true })
    isDown = false
    await outputs.commit(ready, move(0, 5))
    expect(outputs.standing()[1]?.failure).toMatchObject({ message: 'the database is away', lasts: false })
  })
})

describe('rule 7: what an output of rejected records holds beyond the anchor', () => {
  it('stays known when it has more of what it has passed: its progress does not go back', async () => {
    const holding: Output = { ...open(otherPlace), held: async () => undefined }
    await started(pair())
    await open(otherPlace).commit(undefined, move(0, 9))
    const outputs = pair(open(anchorPlace), holding)
    await outputs.begin([P0])
    await outputs.commit(await prepared(outputs, 0, 5), move(0, 5))
    expect((await open(otherPlace).begin([P0])).positions.get(P0)).toEqual([9n])
  })

  it('is known at the start, and only where it has passed the anchor', async () => {
    const held = { until: [5n], offsets: new Set(['3']) }
    const holding: Output = { ...open(otherPlace), held: async () => held }
    const outputs = await started(pair(open(anchorPlace), holding))
    expect((await outputs.begin([P0])).held).toEqual(new Map())
    await holding.commit(undefined, move(undefined, 5))
    expect((await outputs.begin([P0])).held).toEqual(new Map([['users/0', held]]))
    await open(anchorPlace).commit(undefined, move(0, 5))
    expect((await outputs.begin([P0])).held).toEqual(new Map())
  })
})
