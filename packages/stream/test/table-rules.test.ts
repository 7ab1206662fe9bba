import { systemRuntime } from '@millrace/base'
import { commit, committedOrThrow, openOrCreate, openTable } from '@millrace/delta'
import { replayQuarantine, verifyTable } from '@millrace/outputs'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Crash, type Kit, openKit, USERS } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
  await theirTable()
})
afterEach(() => kit.close())

const QUARANTINE = `${USERS}_quarantine`
const AGE = 'delta.constraints.age'

/** A table of others: no person without a number, short names, and no one older than a hundred. */
async function theirTable(): Promise<void> {
  const { schema } = await loadDataset(USERS, [PINTEREST.datasets])
  const fields = schema.fields.map((field) => {
    if (field.name === 'user_name') return { ...field, metadata: { __CHAR_VARCHAR_TYPE_STRING: 'varchar(5)' } }
    return field.name === 'date_joined' ? { ...field, nullable: false } : field
  })
  const wanted = { schema: { ...schema, fields }, configuration: { [AGE]: 'age <= 100' } }
  await openOrCreate({ store: kit.store, path: USERS }, wanted, systemRuntime)
}

async function setConstraint(expression: string | undefined): Promise<void> {
  const snapshot = await openTable({ store: kit.store, path: USERS })
  if (!snapshot) throw new Error('the table is gone')
  const { [AGE]: _, ...others } = snapshot.metadata.configuration
  const configuration = expression === undefined ? others : { ...others, [AGE]: expression }
  const metadata = { ...snapshot.metadata, configuration }
  committedOrThrow(await commit(snapshot, { operation: 'ADD CONSTRAINT', metadata }, systemRuntime))
}

const record = (ind: number, more: object = {}) =>
  JSON.stringify({ ind, first_name: 'A', last_name: 'B', age: 30, date_joined: '2016-01-01 00:00:00', ...more })

/** In each five records one is too old for the table. */
function topicOf(records: number): MemoryTopic {
  const topic = memoryTopic('users', 1)
  for (let i = 0; i < records; i++) topic.send(0, record(i, i % 5 === 4 ? { age: 101 + i } : {}))
  return topic
}
const numbers = (records: number, isRight: (i: number) => boolean) =>
  Array.from({ length: records }, (_, i) => i).filter(isRight)
const isOld = (i: number) => i % 5 === 4

const inds = () => kit.column(USERS, 'ind')
const refusedOffsets = () => kit.column(QUARANTINE, 'CAST("offset" AS INTEGER)')
const problems = async () => (await verifyTable({ store: kit.store, path: USERS })).problems
const catchUp = async (topic: MemoryTopic, more: object = {}) => {
  const worker = await kit.startWorker(topic, { untilCaughtUp: true, maxRows: 10, ...more })
  await worker.source.assign(0)
  return worker.ended
}

it('records that the table does not take go to quarantine with the reason, and the batch goes on', async () => {
  const topic = topicOf(20)
  topic.send(0, record(20, { last_name: 'much too long' }), record(21, { date_joined: null }), record(22))
  expect(await catchUp(topic)).toBe('done')
  expect(await inds()).toEqual([...numbers(20, (i) => !isOld(i)), 22])
  expect(await refusedOffsets()).toEqual([...numbers(20, isOld), 20, 21])
  expect(await kit.column(QUARANTINE, 'DISTINCT reason')).toEqual([
    `the table's column "date_joined" must not be null`,
    `the table's column "user_name" is varchar(5), and the value is longer`,
    `the table's constraint age (age <= 100) does not hold`,
  ])
  expect(await problems()).toEqual([])
})

describe('exactly once', () => {
  for (const point of ['staged', 'uploaded', 'quarantined', 'committed']) {
    it(`when killed as it has ${point} a batch`, async () => {
      const topic = topicOf(50)
      for (const time of [1, 2]) expect(await catchUp(topic, { crashAt: { point, time } })).toBeInstanceOf(Crash)
      expect(await catchUp(topic)).toBe('done')
      expect(await inds()).toEqual(numbers(50, (i) => !isOld(i)))
      expect(await refusedOffsets()).toEqual(numbers(50, isOld))
      expect(await problems()).toEqual([])
    })
  }

  it('when a constraint came between the kill and the restart, or went', async () => {
    const topic = topicOf(50)
    expect(await catchUp(topic, { crashAt: { point: 'quarantined', time: 2 } })).toBeInstanceOf(Crash)
    await setConstraint('age <= 100 AND ind NOT IN (11, 12, 33)')
    expect(await catchUp(topic, { crashAt: { point: 'quarantined', time: 2 } })).toBeInstanceOf(Crash)
    await setConstraint(undefined)
    expect(await catchUp(topic)).toBe('done')
    const [rows, refused] = [await inds(), await refusedOffsets()]
    expect([...rows, ...refused].map(Number).toSorted((a, b) => a - b)).toEqual(numbers(50, () => true))
    expect(rows).not.toContain(11)
    expect(refused).toContain(11)
    expect(await problems()).toEqual([])
  })

  it('when a constraint comes while the worker runs: the batches on their way are cleaned again', async () => {
    const topic = topicOf(10)
    const worker = await kit.startWorker(topic, { maxRows: 10 })
    await worker.source.assign(0)
    await worker.committed(1)
    await setConstraint('age <= 100 AND ind < 15')
    for (let i = 10; i < 30; i++) topic.send(0, record(i))
    await worker.committed(3)
    expect(await worker.stop()).toBe('done')
    expect(await catchUp(topic)).toBe('done')
    expect(await inds()).toEqual(numbers(15, (i) => i >= 10 || !isOld(i)))
    expect(await refusedOffsets()).toEqual(numbers(30, (i) => i >= 15 || (i < 10 && isOld(i))))
    expect(await problems()).toEqual([])
  })
})

it('a replay leaves them where they are until the table takes them', async () => {
  expect(await catchUp(topicOf(10))).toBe('done')
  expect(await replayQuarantine(await kit.replayParts())).toEqual({ replayed: 0, stillBad: 2 })
  await setConstraint(undefined)
  expect(await replayQuarantine(await kit.replayParts())).toEqual({ replayed: 2, stillBad: 0 })
  expect(await inds()).toEqual(numbers(10, () => true))
})
