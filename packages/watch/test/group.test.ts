import { openLake } from '@millrace/store'
import { temporaryFolder } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { readGroup, showToGroup } from '../src/group.ts'
import { watchWorker } from '../src/index.ts'
import { handClock, STARTED, WORKER } from './kit.ts'

const DAY = 24 * 60 * 60_000

/** A worker that shows itself once, and ends when the test says. */
async function showing(lake: string, id: string, clock = handClock()) {
  const store = await openLake(lake)
  const watch = watchWorker({ ...WORKER, id }, clock.runtime)
  watch.on(STARTED)
  const end = new AbortController()
  const shown = Promise.withResolvers<void>()
  const runtime = {
    ...clock.runtime,
    sleep: (_: number, signal?: AbortSignal) => {
      shown.resolve()
      return new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
    },
  }
  const showing = showToGroup(store, watch.state, runtime, end.signal)
  await shown.promise
  return {
    ...clock,
    store,
    watch,
    see: async () => (await readGroup(store, watch.state(), clock.runtime)).map(({ worker }) => worker.id),
    async end() {
      end.abort()
      await showing
    },
  }
}

it('the workers of a group see one another through their lake, until they end', async () => {
  const lake = await temporaryFolder()
  const [a, b] = [await showing(lake, 'a'), await showing(lake, 'b')]
  expect((await a.see()).sort()).toEqual(['a', 'b'])
  await b.end()
  expect(await a.see()).toEqual(['a'])
  await a.end()
  expect(await Array.fromAsync(a.store.keys(''))).toEqual([])
})

it('a worker that was killed is shown no more after a while, and its object goes after a day', async () => {
  const lake = await temporaryFolder()
  const [a] = [await showing(lake, 'a'), await showing(lake, 'killed')]
  a.pass(5 * 60_000)
  expect(await a.see()).toEqual(['a'])
  expect(await Array.fromAsync(a.store.keys(''))).toHaveLength(2)
  a.pass(DAY)
  await a.see()
  expect(await Array.fromAsync(a.store.keys(''))).toEqual(['_millrace/status/millrace/a.json'])
})

it('what is no status of a worker is passed over', async () => {
  const a = await showing(await temporaryFolder(), 'a')
  for (const text of ['{', '[]', 'null', '{"at":"soon"}']) {
    await a.store.put('_millrace/status/millrace/odd.json', new TextEncoder().encode(text))
    expect(await a.see()).toEqual(['a'])
  }
})

it('while the lake cannot be read, the others are as they were, until they count as gone', async () => {
  const lake = await temporaryFolder()
  const [a] = [await showing(lake, 'a'), await showing(lake, 'b')]
  const before = await readGroup(a.store, a.watch.state(), a.runtime)
  const broken = { ...a.store, get: () => Promise.reject(new Error('503')) }
  const seen = async () => {
    const group = await readGroup(broken, a.watch.state(), a.runtime, before)
    return group.map(({ worker }) => worker.id).sort()
  }
  expect(await seen()).toEqual(['a', 'b'])
  a.pass(5 * 60_000)
  expect(await seen()).toEqual(['a'])
})
