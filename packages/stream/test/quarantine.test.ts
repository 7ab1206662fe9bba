import { replayQuarantine, verifyTable } from '@millrace/outputs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Crash, type Kit, openKit, USERS, userRecord } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

const QUARANTINE = `${USERS}_quarantine`
const inds = () => kit.column(USERS, 'ind')
const rejectedOffsets = () => kit.column(QUARANTINE, 'CAST("offset" AS INTEGER)')
const catchUp = async (topic: MemoryTopic) => {
  const worker = await kit.startWorker(topic, { untilCaughtUp: true, maxRows: 10 })
  await worker.source.assign(0)
  return worker.ended
}
const problems = async () => (await verifyTable({ store: kit.store, path: USERS })).problems

/** Every fifth record is poison. */
function poisonedTopic(records: number): MemoryTopic {
  const topic = memoryTopic('users', 1)
  for (let i = 0; i < records; i++) topic.send(0, i % 5 === 4 ? `{bad ${i}` : userRecord(i))
  return topic
}
const good = (records: number) => Array.from({ length: records }, (_, i) => i).filter((i) => i % 5 !== 4)
const bad = (records: number) => Array.from({ length: records }, (_, i) => i).filter((i) => i % 5 === 4)

it('bad records go to quarantine with their bytes and the reason, the others to the table', async () => {
  expect(await catchUp(poisonedTopic(50))).toBe('done')
  expect(await inds()).toEqual(good(50))
  expect(await rejectedOffsets()).toEqual(bad(50))
  expect(await kit.column(QUARANTINE, 'DISTINCT reason')).toEqual(['not JSON'])
  expect((await kit.column(QUARANTINE, 'CAST(value AS VARCHAR)')).toSorted()).toContain('{bad 4')
  expect(await problems()).toEqual([])
})

it('every kind of value that is no record is rejected once: empty, blank, null, list, broken lines', async () => {
  const topic = memoryTopic('users', 1)
  topic.send(0, userRecord(0), '', '   ', null, '[1]', '{"ind":1}\n{"ind":2}', 'null', '{"ind":1.5}', userRecord(1))
  expect(await catchUp(topic)).toBe('done')
  expect(await inds()).toEqual([0, 1])
  expect(await rejectedOffsets()).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(await problems()).toEqual([])
})

it('a record that its source finds too large is a reference: where it lies and its size', async () => {
  const topic = memoryTopic('users', 1)
  topic.send(0, userRecord(0), null, userRecord(2))
  const marked = {
    ...topic,
    source() {
      const source = topic.source()
      const read: typeof source.read = async (...asked) => {
        const block = await source.read(...asked)
        return block && { ...block, oversized: new Map([[1, 5_000_000_000]]) }
      }
      return { ...source, read }
    },
  }
  expect(await catchUp(marked)).toBe('done')
  expect(await inds()).toEqual([0, 2])
  expect(await rejectedOffsets()).toEqual([1])
  const [reason] = await kit.column(QUARANTINE, 'reason')
  expect(reason).toContain('5000000000 bytes')
  // No rules of today make a record of a reference.
  expect(await replayQuarantine(await kit.replayParts())).toEqual({ replayed: 0, stillBad: 0 })
  expect(await problems()).toEqual([])
})

describe('rule 6: the quarantine commits before its anchor', () => {
  for (const point of ['quarantined', 'committed', 'uploaded', 'staged']) {
    it(`killed when it has ${point} a batch, no bad record is lost or doubled`, async () => {
      const topic = poisonedTopic(100)
      for (const time of [1, 2]) {
        const dying = await kit.startWorker(topic, { crashAt: { point, time }, maxRows: 10 })
        await dying.source.assign(0)
        expect(await dying.ended).toBeInstanceOf(Crash)
      }
      expect(await catchUp(topic)).toBe('done')
      expect(await inds()).toEqual(good(100))
      expect(await rejectedOffsets()).toEqual(bad(100))
      expect(await problems()).toEqual([])
    })
  }
})

describe('rule 7: rules may change between a kill and the restart', () => {
  it('what the quarantine holds stays out of the table, what is newly bad is added', async () => {
    const topic = memoryTopic('users', 1)
    for (let i = 0; i < 10; i++) topic.send(0, userRecord(i))
    // Record 3 was bad by the rules of then, and good by those of now; 7 the other way round.
    const dying = await kit.startWorker(topic, { onlyIf: 'ind <> 3', crashAt: { point: 'quarantined' } })
    await dying.source.assign(0)
    expect(await dying.ended).toBeInstanceOf(Crash)
    const later = await kit.startWorker(topic, { onlyIf: 'ind <> 7', untilCaughtUp: true })
    await later.source.assign(0)
    expect(await later.ended).toBe('done')
    expect(await rejectedOffsets()).toEqual([3, 7])
    expect(await inds()).toEqual([0, 1, 2, 4, 5, 6, 8, 9])
    expect(await problems()).toEqual([])
  })
})

describe('rule 8: replay', () => {
  it('brings back what the rules of today take, once, wherever it was killed', async () => {
    for (const point of ['none', 'marked', 'appended']) {
      const topic = memoryTopic('users', 1)
      const base = point.length * 100
      for (let i = 0; i < 10; i++) topic.send(0, i === 9 ? '{bad' : userRecord(base + i))
      const strict = await kit.startWorker(topic, { onlyIf: 'ind % 2 = 1', untilCaughtUp: true, group: point })
      await strict.source.assign(0)
      expect(await strict.ended).toBe('done')
      const killed = replayQuarantine(await kit.replayParts({ point }))
      await killed.catch((error: unknown) => expect(error).toBeInstanceOf(Crash))
      await replayQuarantine(await kit.replayParts())
      const back = (await inds()).filter((ind) => Number(ind) >= base && Number(ind) < base + 10)
      expect(back).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => base + i))
    }
    const states = await kit.column(QUARANTINE, "split_part(state, ':', 1)")
    expect(states.filter((state) => state === 'bad')).toHaveLength(3)
    expect(states.filter((state) => state === 'replayed')).toHaveLength(15)
    expect(await problems()).toEqual([])
  })

  it('refuses a keyed table, and says how its records come in', async () => {
    const parts = await kit.replayParts()
    const keyed = {
      ...{ mode: 'upsert' as const, key: ['ind'], sequenceBy: [], deleteWhen: undefined, notKept: [] },
      ...{ ignoreEqual: false, tombstoneRetentionMs: 1 },
    }
    await expect(replayQuarantine({ ...parts, dataset: { ...parts.dataset, keyed } })).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      next: expect.stringContaining('clean the topic again into a new table'),
    })
  })
})
