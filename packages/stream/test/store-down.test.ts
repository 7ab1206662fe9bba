import { MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Kit, openKit, USERS, userRecord } from './kit.ts'
import { memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

/** A store that can be switched off, as a whole or after a write has happened and before its answer came. */
function fragile(store: ObjectStore) {
  const state = { down: false, loseAnswers: false }
  const fail = () => {
    throw new MillraceError('STORE_FAILED', 'the store is down')
  }
  const guarded = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (state.down) fail()
      const result = await work(...args)
      if (state.loseAnswers) fail()
      return result
    }
  }
  const { get, put, putIfAbsent, upload } = store
  const fragileStore: ObjectStore = {
    ...store,
    get: guarded(get),
    put: guarded(put),
    putIfAbsent: guarded(putIfAbsent),
    upload: guarded(upload),
  }
  return { state, store: fragileStore }
}

it('a store that is down makes the worker wait and say so; when it is back, nothing is lost or doubled', async () => {
  const topic = memoryTopic('users', 1)
  const { state, store } = fragile(kit.store)
  const worker = await kit.startWorker(topic, { store, maxRows: 10 })
  await worker.source.assign(0)
  for (let i = 0; i < 20; i++) topic.send(0, userRecord(i))
  await worker.committed(1)
  state.down = true
  for (let i = 20; i < 60; i++) topic.send(0, userRecord(i))
  while (!worker.waits.includes('STORE_FAILED')) await new Promise(setImmediate)
  state.down = false
  while ((await kit.column(USERS, 'ind')).length < 60) await new Promise(setImmediate)
  expect(worker.waits.at(-1)).toBe('on')
  expect(await worker.stop()).toBe('done')
  expect(await kit.column(USERS, 'ind')).toEqual(Array.from({ length: 60 }, (_, i) => i))
})

it('a commit whose answer got lost is not made twice', async () => {
  const topic = memoryTopic('users', 1)
  const { state, store } = fragile(kit.store)
  const worker = await kit.startWorker(topic, { store, maxRows: 10 })
  await worker.source.assign(0)
  topic.send(0, userRecord(0))
  await worker.committed(1)
  state.loseAnswers = true
  for (let i = 1; i < 40; i++) topic.send(0, userRecord(i))
  while (!worker.waits.includes('STORE_FAILED')) await new Promise(setImmediate)
  state.loseAnswers = false
  while ((await kit.column(USERS, 'ind')).length < 40) await new Promise(setImmediate)
  await worker.stop()
  expect(await kit.column(USERS, 'ind')).toEqual(Array.from({ length: 40 }, (_, i) => i))
})

it('a worker that is stopped while the store is down ends, and the next one goes on', async () => {
  const topic = memoryTopic('users', 1)
  const { state, store } = fragile(kit.store)
  const worker = await kit.startWorker(topic, { store, stopMs: 20 })
  await worker.source.assign(0)
  topic.send(0, userRecord(0))
  await worker.committed(1)
  state.down = true
  topic.send(0, userRecord(1))
  while (!worker.waits.includes('STORE_FAILED')) await new Promise(setImmediate)
  expect(await worker.stop()).toBe('done')
  const next = await kit.startWorker(topic, { untilCaughtUp: true })
  await next.source.assign(0)
  await next.ended
  expect(await kit.column(USERS, 'ind')).toEqual([0, 1])
})
