import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemRuntime } from '@millrace/base'
import { commit, openTable } from '@millrace/delta'
import { runStream } from '@millrace/stream'
import { PINTEREST } from '@millrace/testkit'
import { openCatalog } from '@millrace/transport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Crash, type Kit, openKit, type TestWorker, USERS, userRecord, type WorkerOptions } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

const inds = () => kit.column(USERS, 'ind')
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const send = (topic: MemoryTopic, partition: number, from: number, to: number) => {
  for (let ind = from; ind < to; ind++) topic.send(partition, userRecord(ind))
}
const catchUp = async (topic: MemoryTopic, partitions: readonly number[], options: WorkerOptions = {}) => {
  const worker = await kit.startWorker(topic, { ...options, untilCaughtUp: true })
  await worker.source.assign(...partitions)
  return worker.ended
}

describe('rule 2: no progress is not new', () => {
  it('a start at latest is durable before the first fetch, so that a second worker does not resolve it again', async () => {
    const topic = memoryTopic('users', 1)
    send(topic, 0, 1000, 1005)
    const first = await kit.startWorker(topic, { start: 'latest' })
    await first.source.assign(0)
    while (first.source.reads.length === 0) await new Promise(setImmediate)
    await first.stop()
    send(topic, 0, 0, 7)
    expect(await catchUp(topic, [0], { start: 'latest' })).toBe('done')
    expect(await inds()).toEqual(upTo(7))
  })

  it('the first worker fixes the starts of all partitions, those too that others read', async () => {
    const topic = memoryTopic('users', 2)
    send(topic, 0, 1000, 1005)
    send(topic, 1, 1005, 1010)
    expect(await catchUp(topic, [0], { start: 'latest' })).toBe('done')
    send(topic, 0, 0, 5)
    send(topic, 1, 5, 10)
    expect(await catchUp(topic, [1], { start: 'latest' })).toBe('done')
    expect(await catchUp(topic, [0], { start: 'latest' })).toBe('done')
    expect(await inds()).toEqual(upTo(10))
  })

  it('the starts of many topics are one commit', async () => {
    const topics = ['a', 'b', 'c', 'd']
    const source = `embedded:${join(fileURLToPath(kit.store.url), 'stream.db')}`
    const catalog = await openCatalog(source)
    for (const topic of topics) await catalog.create(topic, 2)
    await catalog.close()
    const routes = [{ dataset: 'user', topics, table: USERS }]
    const limits = { maxBytes: 1 << 20, maxRows: 1_000, everyMs: 1_000 }
    const options = { source, lake: kit.store, routes, datasetFolders: [PINTEREST.datasets], group: 'many', limits }
    await runStream({ ...options, start: 'latest', untilCaughtUp: true }, systemRuntime, new AbortController().signal)
    const table = await openTable({ store: kit.store, path: USERS })
    expect(table).toMatchObject({ version: 1 })
    expect(table?.txns.size).toBe(8)
  })

  it('a worker that dies with the starts resolved and not committed has fixed nothing', async () => {
    const topic = memoryTopic('users', 2)
    send(topic, 1, 1000, 1005)
    const dying = await kit.startWorker(topic, { start: 'latest', crashAt: { point: 'start resolved' } })
    await dying.source.assign(0, 1)
    expect(await dying.ended).toBeInstanceOf(Crash)
    send(topic, 1, 0, 5)
    expect(await catchUp(topic, [0, 1], { start: 'earliest' })).toBe('done')
    expect(await inds()).toEqual([...upTo(5), ...upTo(5).map((i) => 1000 + i)])
  })

  it('a partition that comes later begins at its beginning, whatever the start', async () => {
    const topic = memoryTopic('users', 1)
    send(topic, 0, 1000, 1005)
    expect(await catchUp(topic, [0], { start: 'latest' })).toBe('done')
    topic.grow()
    send(topic, 1, 0, 9)
    expect(await catchUp(topic, [0, 1], { start: 'latest' })).toBe('done')
    expect(await inds()).toEqual(upTo(9))
  })

  it('workers that start together agree, also when one of them sees a partition more', async () => {
    for (let round = 0; round < 5; round++) {
      const group = `group-${round}`
      const topic = memoryTopic(`users-${round}`, 3)
      for (const partition of [0, 1, 2]) send(topic, partition, 1000, 1010)
      const [early, late] = [
        await kit.startWorker(topic, { start: 'latest', group }),
        await kit.startWorker(topic, { start: 'latest', group }),
      ]
      // What the first has listed lacks the partition that the second has been assigned.
      const starting = Promise.all([early.source.assign(0), late.source.assign(1, 2)])
      topic.grow()
      send(topic, 3, round * 100, round * 100 + 10)
      await starting
      await late.source.assign(3)
      for (const partition of [0, 1, 2]) {
        const from = round * 100 + 10 + partition * 10
        while (early.source.reads.length * late.source.reads.length === 0) await new Promise(setImmediate)
        send(topic, partition, from, from + 10)
      }
      await Promise.all([early.stop(), late.stop()])
      expect(await catchUp(topic, [0, 1, 2, 3], { start: 'latest', group })).toBe('done')
    }
    const wanted = upTo(5).flatMap((round) => upTo(40).map((i) => round * 100 + i))
    const got = (await inds()) as number[]
    // The partition that came while they started was new to the topic, or was there before: then "latest" holds for it.
    expect(new Set(got).size).toBe(got.length)
    expect(wanted.filter((ind) => ind % 100 >= 10 && !got.includes(ind))).toEqual([])
    expect(got.every((ind) => wanted.includes(ind))).toBe(true)
  })

  it('commits of ours without our progress stop the worker, with a choice', async () => {
    const topic = memoryTopic('users', 1)
    send(topic, 0, 0, 5)
    const { identity } = topic.partitions[0] ?? {}
    const worker = await kit.startWorker(topic)
    await worker.stop()
    const snapshot = await openTable({ store: kit.store, path: USERS })
    if (!snapshot) throw new Error('no table')
    const entry = { topic: 'users', identity, partition: '0', from: ['0'], to: ['5'] }
    const counts = { records: 5, rows: 0, quarantined: 0, filtered: 5 }
    const info = { millrace: { group: 'test', dataset: USERS, entries: [{ ...entry, ...counts }] } }
    await commit(snapshot, { operation: 'STREAMING UPDATE', info }, systemRuntime)
    expect(await catchUp(topic, [0])).toMatchObject({ code: 'PROGRESS_LOST' })
    expect(await catchUp(topic, [0], { group: 'another', allowsAnotherGroup: true })).toBe('done')
  })

  it('a pipeline that has progress goes on from there, whatever start it is given', async () => {
    const topic = memoryTopic('users', 1)
    send(topic, 0, 0, 5)
    expect(await catchUp(topic, [0])).toBe('done')
    send(topic, 0, 5, 9)
    expect(await catchUp(topic, [0], { start: 'latest' })).toBe('done')
    expect(await catchUp(topic, [0], { start: 'earliest' })).toBe('done')
    expect(await inds()).toEqual(upTo(9))
    const reported = async (group: string) => {
      const worker = await kit.startWorker(topic, {
        start: 'latest',
        group,
        allowsAnotherGroup: true,
        untilCaughtUp: true,
      })
      await worker.source.assign(0)
      await worker.ended
      return worker.events.filter(({ what }) => what === 'known topic')
    }
    expect(await reported('test')).toEqual([{ what: 'known topic', topic: 'users' }])
    expect(await reported('new')).toEqual([])
  })
})

describe('rule 27: one pipeline for each topic and table', () => {
  it('a group that is new to a topic which another one puts into the table stops, unless that is wanted', async () => {
    const topic = memoryTopic('users', 2)
    send(topic, 0, 0, 5)
    expect(await catchUp(topic, [0])).toBe('done')
    for (const partition of [0, 1]) {
      expect(await catchUp(topic, [partition], { group: 'two' })).toMatchObject({ code: 'ANOTHER_GROUP' })
    }
    expect(await inds()).toEqual(upTo(5))
    expect(await catchUp(topic, [0], { group: 'two', allowsAnotherGroup: true })).toBe('done')
    // It has its progress now, so nothing more is asked of it; nor of the first.
    expect(await catchUp(topic, [0, 1], { group: 'two' })).toBe('done')
    expect(await catchUp(topic, [0, 1])).toBe('done')
    expect(await inds()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
  })

  it('another topic of that name is another matter', async () => {
    const topic = memoryTopic('users', 1)
    send(topic, 0, 0, 5)
    expect(await catchUp(topic, [0])).toBe('done')
    topic.recreate()
    send(topic, 0, 5, 9)
    expect(await catchUp(topic, [0], { group: 'two' })).toBe('done')
    expect(await inds()).toEqual(upTo(9))
  })

  it('of two groups that begin at once, one does', async () => {
    const topic = memoryTopic('users', 1)
    send(topic, 0, 0, 5)
    const begun: TestWorker[] = []
    const bothResolved = Promise.withResolvers<void>()
    let resolved = 0
    const slow = {
      ...kit.store,
      putIfAbsent: async (...args: Parameters<typeof kit.store.putIfAbsent>) => {
        if (args[0].includes('/_delta_log/') && resolved > 0) await bothResolved.promise
        return kit.store.putIfAbsent(...args)
      },
    }
    const passing = (point: string) => {
      if (point === 'start resolved' && ++resolved === 2) bothResolved.resolve()
    }
    for (const group of ['one', 'two']) {
      begun.push(await kit.startWorker(topic, { group, passing, store: slow, untilCaughtUp: true }))
    }
    await Promise.all(begun.map(({ source }) => source.assign(0)))
    const ends = await Promise.all(begun.map(({ ended }) => ended))
    expect(ends.filter((end) => end === 'done')).toHaveLength(1)
    expect(ends.filter((end) => end !== 'done')).toMatchObject([{ code: 'ANOTHER_GROUP' }])
    expect(await inds()).toEqual(upTo(5))
  })
})
