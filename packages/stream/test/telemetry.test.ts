import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { PipelineNews } from '../src/telemetry.ts'
import { type Kit, openKit, USERS, userRecord } from './kit.ts'
import { memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

type What = PipelineNews['what']
const of = <W extends What>(events: readonly PipelineNews[], what: W) =>
  events.filter((event): event is Extract<PipelineNews, { what: W }> => event.what === what)
const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0)

it('a worker tells what it reads, what becomes of it and that it lets go of all of it', async () => {
  const topic = memoryTopic('users', 2)
  const worker = await kit.startWorker(topic, { onlyIf: 'ind <> 13', untilCaughtUp: true })
  for (let i = 0; i < 30; i++) topic.send(i % 2, userRecord(i))
  await worker.source.assign(0, 1)
  expect(await worker.ended).toBe('done')
  const { events } = worker
  const reads = of(events, 'read')
  const commits = of(events, 'committed')
  expect(sum(reads.map(({ records }) => records))).toBe(30)
  expect(sum(of(events, 'batch').map(({ records }) => records))).toBe(30)
  expect(sum(of(events, 'released').map(({ bytes }) => bytes))).toBe(sum(reads.map(({ bytes }) => bytes)))
  expect(sum(of(events, 'released').map(({ blocks }) => sum([...blocks.values()])))).toBe(reads.length)
  expect(sum(commits.map(({ rows }) => rows))).toBe(29)
  expect(sum(commits.map(({ quarantined }) => quarantined))).toBe(1)
  expect(commits.flatMap(({ reasons }) => [...reasons.values()])).toEqual([1])
  expect(commits.flatMap(({ samples }) => samples)).toMatchObject([{ partition: '1', offset: '6' }])
  expect(of(events, 'stage').map(({ stage }) => stage)).toEqual(
    commits.flatMap(() => expect.stringMatching(/clean|upload|commit/)).flatMap((any) => [any, any, any]),
  )
})

it.each([
  [true, 'lets its records gather at the source'],
  [false, 'is read as records come'],
])('a topic that is one of many (%s) %s', async (isOneOfMany) => {
  const topic = memoryTopic('users', 1)
  const worker = await kit.startWorker(topic, { everyMs: 6_000, isOneOfMany })
  await worker.source.assign(0)
  topic.send(0, userRecord(0))
  await worker.committed(1)
  for (let i = 1; i <= 21; i++) {
    topic.send(0, userRecord(i))
    await setImmediate()
  }
  await vi.waitFor(() => expect(sum(of(worker.events, 'read').map(({ records }) => records))).toBe(22), 10_000)
  expect(await worker.stop()).toBe('done')
  expect(await kit.column(USERS, 'ind')).toHaveLength(22)
  const reads = of(worker.events, 'read').length
  if (isOneOfMany) expect(reads).toBeLessThan(10)
  else expect(reads).toBeGreaterThan(10)
})

it('the ages of a commit are spread over its records, and few', async () => {
  const topic = memoryTopic('users', 1)
  for (let i = 0; i < 1000; i++) topic.send(0, userRecord(i))
  const worker = await kit.startWorker(topic, { untilCaughtUp: true })
  await worker.source.assign(0)
  await worker.ended
  expect(sum(of(worker.events, 'committed').map(({ rows }) => rows))).toBe(1000)
  for (const { agesMs, lastTime, rows } of of(worker.events, 'committed')) {
    expect(agesMs.length).toBeGreaterThan(0)
    expect(agesMs.length).toBeLessThanOrEqual(Math.min(32, rows))
    expect(lastTime).toBe(1_700_000_000_000)
  }
})
