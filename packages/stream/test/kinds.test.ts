import { replayQuarantine, verifyAgainstSource, verifyTable } from '@millrace/outputs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Kinds } from '../src/routes/kinds.ts'
import { Crash, type Kit, openKit, USERS, userRecord, type WorkerOptions } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

const QUARANTINE = `${USERS}_quarantine`
const RECORDS = 60

const kinds = (by: Kinds['by'], takesUnrecognized: boolean): Kinds => {
  return { by, mine: new Set(['user', 'User']), known: new Set(['user', 'User', 'pin']), takesUnrecognized }
}
const inds = () => kit.column(USERS, 'ind')
const where = (wanted: (i: number) => boolean) => Array.from({ length: RECORDS }, (_, i) => i).filter(wanted)
const catchUp = async (topic: MemoryTopic, options: WorkerOptions) => {
  const worker = await kit.startWorker(topic, { ...options, untilCaughtUp: true, maxRows: 10 })
  await worker.source.assign(0)
  return worker.ended
}

/** Of six records two are users, one of them a bad one now and then; one is a pin, three are of no kind. */
const KEYS = ['user', 'User', 'pin', 'geo', '', undefined] as const

function mixedTopic(): MemoryTopic {
  const topic = memoryTopic('events', 1)
  for (let i = 0; i < RECORDS; i++) {
    const key = KEYS[i % 6]
    const value = i % 30 === 1 ? `{bad ${i}` : userRecord(i)
    if (key === undefined) topic.send(0, value)
    else topic.sendMarked(0, value, { key })
  }
  return topic
}
const isGood = (i: number) => i % 6 < 2 && i % 30 !== 1

it('each record ends in one place: the table, the quarantine, or with whoever has its kind', async () => {
  const topic = mixedTopic()
  expect(await catchUp(topic, { kinds: kinds('key', true) })).toBe('done')
  expect(await inds()).toEqual(where(isGood))
  expect(await kit.column(QUARANTINE, 'CAST("offset" AS INTEGER)')).toEqual(where((i) => i % 30 === 1 || i % 6 > 2))
  expect(await kit.column(QUARANTINE, "state || ': ' || reason")).toEqual([
    ...Array(2).fill('bad: not JSON'),
    ...Array(20).fill('unrecognized: of no known kind by the key'),
    ...Array(10).fill('unrecognized: of no known kind: the key is missing'),
  ])
  const { partitions, problems } = await verifyTable({ store: kit.store, path: USERS })
  expect(problems).toEqual([])
  expect(partitions).toMatchObject([{ records: 60, rows: 18, quarantined: 32, elsewhere: 10 }])
  expect(await verifyAgainstSource({ store: kit.store, path: USERS }, partitions, topic.source())).toEqual([])
})

it('unrecognized records go to one data set alone; the others leave them be', async () => {
  expect(await catchUp(mixedTopic(), { kinds: kinds('key', false) })).toBe('done')
  expect(await inds()).toEqual(where(isGood))
  expect(await kit.column(QUARANTINE, 'state')).toEqual(['bad', 'bad'])
  const { partitions, problems } = await verifyTable({ store: kit.store, path: USERS })
  expect(problems).toEqual([])
  expect(partitions).toMatchObject([{ records: 60, rows: 18, quarantined: 2, elsewhere: 40 }])
})

it('a field tells kinds apart as well, and what is no record is of no kind', async () => {
  const topic = memoryTopic('events', 1)
  const record = (i: number, type: string) => userRecord(i).replace('{', `{"type":${type},`)
  topic.send(0, record(0, '"user"'), record(1, '"pin"'), record(2, '7'), record(3, '{"user":1}'), '{bad', null)
  topic.send(0, '["user"]', '{"nested":{"type":"user"}}', record(4, '"\\u0075ser"'), 'null')
  expect(await catchUp(topic, { kinds: kinds({ field: 'type' }, true) })).toBe('done')
  expect(await inds()).toEqual([0, 4])
  expect(await kit.column(QUARANTINE, 'CAST("offset" AS INTEGER)')).toEqual([2, 3, 4, 5, 6, 7, 9])
  expect((await verifyTable({ store: kit.store, path: USERS })).problems).toEqual([])
})

it.each(['staged', 'uploaded', 'quarantined', 'committed'])(
  'a worker that dies when it has %s a batch loses and doubles no unrecognized record',
  async (point) => {
    const topic = mixedTopic()
    for (const time of [1, 2]) {
      expect(await catchUp(topic, { kinds: kinds('key', true), crashAt: { point, time } })).toBeInstanceOf(Crash)
    }
    expect(await catchUp(topic, { kinds: kinds('key', true) })).toBe('done')
    expect(await inds()).toEqual(where(isGood))
    expect(await kit.column(QUARANTINE, 'CAST("offset" AS INTEGER)')).toEqual(where((i) => i % 30 === 1 || i % 6 > 2))
    expect((await verifyTable({ store: kit.store, path: USERS })).problems).toEqual([])
  },
)

it('an unrecognized record is not replayed: no rules are for it', async () => {
  expect(await catchUp(mixedTopic(), { kinds: kinds('key', true) })).toBe('done')
  expect(await replayQuarantine(await kit.replayParts())).toEqual({ replayed: 0, stillBad: 2 })
  expect(await inds()).toEqual(where(isGood))
})
