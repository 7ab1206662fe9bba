import { verifyAgainstSource, verifyTable } from '@millrace/outputs'
import type { Partition } from '@millrace/transport'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findRepeats, REPEAT_SPAN } from '../src/intake/repeats.ts'
import { Crash, type Kit, openKit, USERS, userRecord, type WorkerOptions } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

const inds = () => kit.column(USERS, 'ind')
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const catchUp = async (topic: MemoryTopic, options: WorkerOptions = {}) => {
  const worker = await kit.startWorker(topic, { ...options, untilCaughtUp: true, maxRows: 10 })
  await worker.source.assign(0)
  return worker.ended
}
const sendOnce = (topic: MemoryTopic, ind: number) => topic.sendMarked(0, userRecord(ind), { id: `id-${ind}` })

it('a record whose id came before is dropped and counted, in one batch and over several', async () => {
  const topic = memoryTopic('users', 1)
  for (let ind = 0; ind < 30; ind++) {
    sendOnce(topic, ind)
    if (ind % 3 === 0) sendOnce(topic, ind)
    if (ind >= 20) sendOnce(topic, ind - 20)
  }
  topic.send(0, userRecord(30), userRecord(30))
  expect(await catchUp(topic)).toBe('done')
  expect(await inds()).toEqual([...upTo(31), 30])
  const { partitions, problems } = await verifyTable({ store: kit.store, path: USERS })
  expect(problems).toEqual([])
  expect(partitions).toMatchObject([{ records: 52, rows: 32, repeated: 20 }])
  expect(await verifyAgainstSource({ store: kit.store, path: USERS }, partitions, topic.source())).toEqual([])
})

it.each(['block read', 'staged', 'uploaded', 'committed'])(
  'a repeat is known after a worker that died when it had %s a batch, too',
  async (point) => {
    const topic = memoryTopic('users', 1)
    for (let ind = 0; ind < 40; ind++) sendOnce(topic, ind)
    for (let time = 1; time < 4; time++) {
      const dying = await kit.startWorker(topic, { crashAt: { point, time }, maxRows: 10 })
      await dying.source.assign(0)
      expect(await dying.ended).toBeInstanceOf(Crash)
      for (let ind = 0; ind < 40; ind += 3) sendOnce(topic, ind)
    }
    expect(await catchUp(topic)).toBe('done')
    expect(await inds()).toEqual(upTo(40))
    expect((await verifyTable({ store: kit.store, path: USERS })).problems).toEqual([])
  },
)

it('another worker, which has read none of it, knows them as well', async () => {
  const topic = memoryTopic('users', 1)
  for (let ind = 0; ind < 20; ind++) sendOnce(topic, ind)
  expect(await catchUp(topic)).toBe('done')
  for (let ind = 0; ind < 25; ind++) sendOnce(topic, ind)
  expect(await catchUp(topic)).toBe('done')
  expect(await inds()).toEqual(upTo(25))
})

it('an id is known for so many offsets of its partition and no longer, wherever reading begins', async () => {
  const topic = memoryTopic('users', 1)
  const span = Number(REPEAT_SPAN)
  const gap = (count: number) => topic.send(0, ...Array<string>(count).fill('{}'))
  topic.sendMarked(0, '{}', { id: 'a' })
  gap(span - 1)
  topic.sendMarked(0, '{}', { id: 'a' })
  gap(span)
  topic.sendMarked(0, '{}', { id: 'a' })
  const at = [0, span, 2 * span + 1]
  const repeatsFrom = async (start: number) => {
    const [partition] = topic.partitions as [Partition]
    const source = topic.source()
    const find = findRepeats(source, partition)
    const found: number[] = []
    for (let from = start; from < 2 * span + 2; ) {
      const block = await source.read(partition, [BigInt(from)], { maxBytes: 1, waitMs: 0 })
      if (!block) break
      for (const i of (await find(block)).repeats ?? []) found.push(from + i)
      from = Number(block.to[0])
    }
    return found
  }
  for (const start of [0, 1, span - 5, span]) expect(await repeatsFrom(start)).toEqual([at[1]])
  for (const start of [span + 1, 2 * span + 1]) expect(await repeatsFrom(start)).toEqual([])
})

it('a source that does not answer is asked again: no repeat passes for that', async () => {
  const topic = memoryTopic('users', 1)
  for (const id of ['a', 'b', 'a']) topic.sendMarked(0, '{}', { id })
  const [partition] = topic.partitions as [Partition]
  const source = topic.source()
  const block = await source.read(partition, [2n], { maxBytes: 1, waitMs: 0 })
  if (!block) throw new Error('no block')
  let silent = true
  const find = findRepeats(
    { ...source, read: async (...asked) => (silent ? undefined : source.read(...asked)) },
    partition,
  )
  await expect(find(block)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE', retry: true })
  silent = false
  expect((await find(block)).repeats).toEqual(new Set([0]))
})
