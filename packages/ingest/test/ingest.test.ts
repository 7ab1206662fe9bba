import { systemRuntime } from '@millrace/base'
import { PINTEREST } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { type Batch, type IngestOptions, ingest, type Sink } from '../src/index.ts'

/** A clock that only sleeping moves. */
function sleepyRuntime() {
  let now = 0
  const sleep = async (milliseconds: number) => {
    now += milliseconds
  }
  return { ...systemRuntime, monotonic: () => now, sleep }
}

async function run(options: Partial<IngestOptions>, send: (batch: Batch) => Promise<unknown> = async () => {}) {
  const runtime = sleepyRuntime()
  const stop = new AbortController()
  const sent: { rounds: number; at: number }[] = []
  let closed = 0
  const sink: Sink = {
    async send(batch) {
      sent.push({ rounds: batch.get('pin')?.length ?? 0, at: runtime.monotonic() })
      if ((await send(batch)) === 'stop') stop.abort()
    },
    close: async () => {
      closed++
    },
  }
  const defaults = {
    from: 'generator',
    datasetFolders: [PINTEREST.datasets],
    to: sink,
    datasets: ['pin', 'user'],
    mode: 'all',
    seed: 1,
  } as const
  const [outcome] = await Promise.allSettled([ingest({ ...defaults, ...options }, runtime, stop.signal)])
  expect(closed).toBe(1)
  const totals = outcome.status === 'fulfilled' ? outcome.value : undefined
  const error = outcome.status === 'rejected' ? (outcome.reason as Error) : undefined
  return { totals, error, sent, seconds: runtime.monotonic() / 1000 }
}

it.each([1, 7, 250, 40_000])('sends %d records of each data set a second, evenly', async (rate) => {
  const { sent, totals, seconds } = await run({ rate, count: rate * 5 })
  expect(totals).toMatchObject({ rounds: rate * 5, records: rate * 10 })
  expect(seconds).toBeCloseTo(5, 5)
  let before = 0
  for (const { rounds, at } of sent) {
    // Never ahead of the rate by more than what is sent at once.
    expect(before).toBeLessThanOrEqual((at * rate) / 1000 + 1e-6)
    before += rounds
  }
})

it('sends exactly the records asked for, in whatever parts', async () => {
  for (const count of [1, 4_999, 5_001, 12_345]) {
    expect(await run({ count })).toMatchObject({ totals: { rounds: count, records: 2 * count } })
  }
})

it('counts what is durable, also when it is stopped while several batches are on their way', async () => {
  let arrived = 0
  const { totals } = await run({}, async (batch) => {
    await new Promise(setImmediate)
    arrived += batch.get('pin')?.length ?? 0
    return arrived > 20_000 ? 'stop' : undefined
  })
  expect(totals?.rounds).toBe(arrived)
  expect(arrived).toBeGreaterThan(20_000)
})

it('tells how far it is, batch by batch, up to the end', async () => {
  const reported: number[] = []
  await run({ count: 11_000, onSent: ({ rounds }) => reported.push(rounds) })
  expect(reported).toEqual([5_000, 10_000, 11_000])
})

it('ends with the failure of a batch, after those that are on their way', async () => {
  let [begun, ended] = [0, 0]
  const { error } = await run({}, async () => {
    begun++
    await new Promise(setImmediate)
    ended++
    if (begun >= 4) throw new Error('the disk is full')
  })
  expect(error?.message).toBe('the disk is full')
  expect(ended).toBe(begun)
})
