import { textOfKey } from '@millrace/base'
import { openFormat } from '@millrace/formats'
import { replayQuarantine } from '@millrace/outputs'
import type { Dataset } from '@millrace/transform'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Kit, openKit, USERS, userRecord } from './kit.ts'
import { memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

const rules: Partial<Dataset> = {
  metadata: [
    { name: 'message_key', from: 'key', type: 'text' },
    { name: 'trace', from: 'header:trace', type: 'text' },
    { name: 'place', from: 'offset', type: 'text' },
    { name: 'topic', from: 'topic', type: 'text' },
  ],
  sql: "SELECT ind, concat_ws(' ', topic, place, message_key, trace) AS user_name, age, date_joined FROM raw",
}

it('a worker brings the key, a header, the topic and the offset of a message into its row', async () => {
  const topic = memoryTopic('events', 1)
  topic.sendMarked(0, userRecord(0), { key: 'a', headers: { trace: 'x' } })
  topic.send(0, userRecord(1))
  topic.sendMarked(0, `[${userRecord(2)},${userRecord(3)}]`, { key: 'b', headers: { other: 'y' } })
  const worker = await kit.startWorker(topic, { rules, untilCaughtUp: true })
  await worker.source.assign(0)
  expect(await worker.ended).toBe('done')
  expect(await kit.column(USERS, 'user_name')).toEqual(['events 0 a x', 'events 1', 'events 2[0] b', 'events 2[1] b'])
})

it('they are those of the record where others of its block belong to another data set', async () => {
  const topic = memoryTopic('events', 1)
  for (const [ind, key] of ['user', 'other', 'user', 'other', 'user'].entries()) {
    topic.sendMarked(0, userRecord(ind), { key, headers: { trace: `t${ind}` } })
  }
  const kinds = {
    by: 'key',
    mine: new Set(['user']),
    known: new Set(['user', 'other']),
    takesUnrecognized: true,
  } as const
  const worker = await kit.startWorker(topic, { rules, kinds, untilCaughtUp: true })
  await worker.source.assign(0)
  expect(await worker.ended).toBe('done')
  expect(await kit.column(USERS, 'user_name')).toEqual([0, 2, 4].map((ind) => `events ${ind} user t${ind}`))
})

it('a message whose key can not be read is in the quarantine with the bytes of both', async () => {
  const topic = memoryTopic('events', 1)
  const key = Buffer.from([0xff, 0, 0x61])
  topic.sendMarked(0, userRecord(0), { key: '"a"' })
  topic.sendMarked(0, userRecord(1), { key: textOfKey(key) })
  const keyed: Partial<Dataset> = {
    metadata: [{ name: 'message_key', from: 'key.value', type: 'text' }],
    keyFormat: openFormat('json'),
    sql: 'SELECT ind, message_key AS user_name, age, date_joined FROM raw',
  }
  const worker = await kit.startWorker(topic, { rules: keyed, untilCaughtUp: true })
  await worker.source.assign(0)
  expect(await worker.ended).toBe('done')
  expect(await kit.column(USERS, 'user_name')).toEqual(['a'])
  const quarantine = `${USERS}_quarantine`
  expect(await kit.column(quarantine, 'reason')).toEqual(['key: not JSON: invalid UTF-8'])
  expect(await kit.column(quarantine, 'hex(key)')).toEqual([key.toString('hex').toUpperCase()])
  expect(await kit.column(quarantine, 'decode(value)')).toEqual([userRecord(1)])
})

it('a replayed record gets what its source said of it, as the stream would have given it', async () => {
  const topic = memoryTopic('events', 2)
  for (const partition of [0, 1]) {
    topic.sendMarked(partition, userRecord(10 * partition), { key: `k${partition}` })
    topic.sendMarked(partition, `[${userRecord(10 * partition + 1)},${userRecord(10 * partition + 2)}]`, { key: 'a b' })
    topic.send(partition, userRecord(10 * partition + 3))
  }
  const whole: Partial<Dataset> = {
    metadata: [
      ...(rules.metadata ?? []).filter(({ from }) => !from.startsWith('header')),
      { name: 'partition', from: 'partition', type: 'text' },
      { name: 'sent', from: 'timestamp', type: 'timestamp' },
    ],
    sql: "SELECT ind, concat_ws(' ', topic, partition, place, message_key, epoch_ms(sent)) AS user_name, age, date_joined FROM raw",
  }
  const none = { name: 'none', predicate: 'ind < 0', otherwise: 'quarantine' } as const
  const read = async (group: string, more: Partial<Dataset>) => {
    const worker = await kit.startWorker(topic, {
      rules: { ...whole, ...more },
      ...{ group, untilCaughtUp: true, allowsAnotherGroup: true },
    })
    await worker.source.assign(0, 1)
    expect(await worker.ended).toBe('done')
    return kit.column(USERS, 'user_name')
  }
  expect(await read('strict', { expectations: [none] })).toEqual([])
  const parts = await kit.replayParts()
  expect(await replayQuarantine({ ...parts, dataset: { ...parts.dataset, ...whole } })).toEqual({
    ...{ replayed: 8, stillBad: 0 },
  })
  const replayed = await kit.column(USERS, 'user_name')
  expect(replayed).toHaveLength(8)
  // Read again by the rules that take them, each row is there twice.
  expect(await read('again', {})).toEqual(replayed.flatMap((row) => [row, row]))
})

it('the replay of the quarantine refuses a data set that reads headers, which it does not keep', async () => {
  const parts = await kit.replayParts()
  await expect(replayQuarantine({ ...parts, dataset: { ...parts.dataset, ...rules } })).rejects.toMatchObject({
    code: 'DATASET_INVALID',
    message: expect.stringContaining('does not know its trace'),
  })
})
