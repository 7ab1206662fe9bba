import { systemRuntime } from '@millrace/base'
import { expect, it } from 'vitest'
import { restMs } from '../src/intake/intake.ts'
import { createOpenBatch } from '../src/intake/open-batch.ts'
import { createPace } from '../src/intake/pace.ts'
import type { TakenBlock } from '../src/intake/repeats.ts'

const EVERY = 60_000

/**
 * Takes so many batches, each when it is due or this much later, and adds the first record of the next after a pause;
 * answers for how long each was open. The first record was sent so long ago.
 */
function openTimes(
  isOneOfMany: boolean,
  random: number,
  batches: number,
  { pauseMs = 0, lateMs = [] as readonly number[], ageMs = 0 } = {},
): number[] {
  let now = 0
  const runtime = { ...systemRuntime, now: () => ageMs + now, monotonic: () => now, random: () => random }
  const limits = { maxBytes: 1 << 30, maxRows: 1_000_000, everyMs: EVERY, isOneOfMany }
  const batch = createOpenBatch(
    limits,
    createPace(limits, runtime, () => {}),
    runtime,
  )
  return Array.from({ length: batches }, (_, i) => {
    batch.add(oneRecord())
    const openedAt = now
    now = Math.max(now, batch.ripeAt()) + (lateMs[i] ?? 0)
    batch.take((blocks) => blocks)
    const wasOpen = now - openedAt
    now += pauseMs
    return wasOpen
  })
}

function oneRecord(): TakenBlock {
  return {
    partition: { topic: 'orders', identity: 'a', id: '0' },
    from: [0n],
    to: [1n],
    count: 1,
    bytes: Buffer.from('{}'),
    ends: Int32Array.of(2),
    offsets: [0n],
    times: new Float64Array(1),
    repeated: 0,
  } as unknown as TakenBlock
}

it('a batch is due at once, and from then on as often as asked', () => {
  expect(openTimes(false, 0.25, 3)).toEqual([0, EVERY, EVERY])
})

it('pipelines that are found together, and begin together, commit one after another', () => {
  expect(openTimes(true, 0.25, 4)).toEqual([EVERY / 4, EVERY / 4, EVERY, EVERY])
  expect(openTimes(true, 0.75, 4)).toEqual([(EVERY * 3) / 4, (EVERY * 3) / 4, EVERY, EVERY])
})

it.each([
  ['has an hour ahead of it by a clock that goes wrong', -3_600_000, EVERY / 2],
  ['was sent just now', 0, EVERY / 2],
  ['has waited for most of the interval', 50_000, 5_000],
  ['is older than the interval', 72_000, 0],
])(
  'the first batch of one of many pipelines is open for a part of what is left of the interval: its record %s',
  (_, ageMs, open) => {
    expect(openTimes(true, 0.5, 1, { ageMs })).toEqual([open])
  },
)

it('a batch that is taken late does not put off those after it, unless by more than a quarter of the interval', () => {
  expect(openTimes(false, 0, 4, { lateMs: [0, 10_000] })).toEqual([0, EVERY + 10_000, EVERY - 10_000, EVERY])
  expect(openTimes(false, 0, 4, { lateMs: [0, 40_000] })).toEqual([0, EVERY + 40_000, (EVERY * 3) / 4, EVERY])
})

it('batches follow one another at the interval, however late in it their first record comes', () => {
  const late = EVERY / 6
  expect(openTimes(false, 0.25, 3, { pauseMs: late })).toEqual([0, EVERY - late, EVERY - late])
})

it('a batch that opens after a pause gathers what comes with its first record', () => {
  expect(openTimes(false, 0.25, 3, { pauseMs: 10 * EVERY })).toEqual([0, (EVERY * 3) / 4, (EVERY * 3) / 4])
})

it.each([
  ['a part of the interval', 50_000, 10_000],
  ['until just before the batch is due', 6_000, 5_000],
  ['past that where it was the last read', 900, 10_000],
  ['where no batch is open', Number.POSITIVE_INFINITY, 10_000],
])('the reader of one of many topics rests %s', (_, dueIn, rest) => {
  expect(restMs(EVERY, dueIn)).toBe(rest)
})
