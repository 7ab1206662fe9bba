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
  it('starts are stored in the anchor alone, and it is the one that is gone on from', async () => {
    const outputs = await started(pair())
    expect((await outputs.begin([P0])).positions.get(P0)).toEqual([0n])
    expect(otherPlace.state.progress.size).toBe(0)
  })

  it('the others commit before it: when it is fenced they have what they have, and say so at the next start', async () => {
    const outputs = await started(pair())
    const ready = await prepared(outputs, 0, 5)
    await open(anchorPlace).commit(undefined, move(0, 2))
    expect(await outputs.commit(ready, move(0, 5))).toEqual({ outcome: 'fenced' })
    expect(inds(anchorPlace)).toEqual([])
    expect(inds(otherPlace)).toEqual(numbers(0, 5))
  })

  it('another output that is fenced keeps the anchor from committing', async () => {
    const outputs = await started(pair())
    const ready = await prepared(outputs, 0, 5)
    await open(otherPlace).commit(undefined, move(undefined, 3))
    expect(await outputs.commit(ready, move(0, 5))).toEqual({ outcome: 'fenced' })
    expect(inds(anchorPlace)).toEqual([])
  })

  it('an output without anything to commit is left alone, however far the anchor goes', async () => {
    const idle: Output = { ...open(otherPlace), prepare: async () => ({ files: 0, fileBytes: 0, isEmpty: true }) }
    const outputs = await started(pair(open(anchorPlace), idle))
    expect(await outputs.commit(await prepared(outputs, 0, 5), move(0, 5))).toMatchObject({ outcome: 'committed' })
    expect(otherPlace.state.version).toBe(0)
    // And is not fenced when it has something again.
    const later = await started(anchorLast(open(anchorPlace), [open(otherPlace)], systemRuntime))
    expect(await later.commit(await prepared(later, 5, 8), move(5, 8))).toMatchObject({ outcome: 'committed' })
    expect(inds(otherPlace)).toEqual([5, 6, 7])
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
  await alone.commit(await alone.prepare(batchOf(0, 5)), move(undefined, 5))
  return started(pair())
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
    const next = await started(pair())
    expect(await next.commit(await prepared(next, 3, 9), move(3, 9))).toMatchObject({ outcome: 'committed' })
    expect(inds(otherPlace)).toEqual(numbers(0, 9))
    expect(inds(anchorPlace)).toEqual(numbers(0, 9))
  })
})

describe('rule 7: what another output holds beyond the anchor', () => {
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
