import { joinValues, MillraceError, valueAt } from '@millrace/base'
import type { Format } from '@millrace/formats'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLimit } from '../src/epoch/limit.ts'
import { refuseKindsByField } from '../src/routes/kinds.ts'
import { type Kit, openKit, USERS, userRecord } from './kit.ts'
import { memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

/** A number as the key, and a name with any bytes but NUL as the message. */
const keyedFormat: Format = {
  name: 'keyed',
  readsKeys: true,
  isJsonLines: false,
  read(messages) {
    const rejected: { index: number; reason: string }[] = []
    const lines = Array.from({ length: messages.count }, (_, index) => {
      const ind = Number(messages.keys?.[index])
      const name = Buffer.from(valueAt(messages, index) ?? []).toString()
      if (Number.isInteger(ind) && !name.includes('\0')) return Buffer.from(JSON.stringify({ ind, first_name: name }))
      rejected.push({ index, reason: 'not keyed: the key is not a number' })
      return null
    })
    return { lines: joinValues(lines), rejected }
  },
}

it('a worker reads messages of another format, with their keys; what is not of it is in the quarantine as it came', async () => {
  const topic = memoryTopic('events', 1)
  topic.sendMarked(0, 'Ada\nLovelace', { key: '1' })
  topic.sendMarked(0, 'no number', { key: 'x' })
  topic.sendMarked(0, 'Grace', { key: '2' })
  const worker = await kit.startWorker(topic, { format: keyedFormat, untilCaughtUp: true })
  await worker.source.assign(0)
  expect(await worker.ended).toBe('done')
  expect(await kit.column(USERS, "ind || ' ' || user_name")).toEqual(['1 Ada\nLovelace', '2 Grace'])
  expect(await kit.column(`${USERS}_quarantine`, `"offset" || ' ' || reason || ' ' || decode(value)`)).toEqual([
    '1 not keyed: the key is not a number no number',
  ])
})

it('a pipeline that waits for what its format needs, such as a registry, keeps no other one from cleaning', async () => {
  const cleaning = createLimit(1)
  let isDown = true
  const format: Format = {
    ...keyedFormat,
    read(messages) {
      if (isDown) throw new MillraceError('SOURCE_UNREACHABLE', 'the registry is down')
      return keyedFormat.read(messages)
    },
  }
  const [waits, goesOn] = [memoryTopic('events', 1), memoryTopic('users', 1)]
  waits.sendMarked(0, 'Ada', { key: '1' })
  goesOn.send(0, userRecord(2))
  const waiting = await kit.startWorker(waits, { format, cleaning })
  await waiting.source.assign(0)
  await vi.waitFor(() => expect(waiting.waits).toContain('SOURCE_UNREACHABLE'))
  const other = await kit.startWorker(goesOn, { cleaning, group: 'other', allowsAnotherGroup: true })
  await other.source.assign(0)
  await other.committed(1)
  expect(await kit.column(USERS, 'ind')).toEqual([2])
  isDown = false
  await waiting.committed(1)
  expect(await kit.column(USERS, 'ind')).toEqual([1, 2])
})

it('kinds are told apart by a field only where messages are JSON', async () => {
  const user = await loadDataset(USERS, [PINTEREST.datasets])
  const kinds = (by: 'key' | { field: string }) =>
    new Map([['events', { by, mine: new Set(['user']), known: new Set(['user']), takesUnrecognized: true }]])
  const keyed = { ...user, format: keyedFormat }
  expect(() => refuseKindsByField(keyed, kinds({ field: 'kind' }))).toThrow(
    /told apart by a field, and user is not JSON/,
  )
  expect(() => refuseKindsByField(keyed, kinds('key'))).not.toThrow()
  expect(() => refuseKindsByField(user, kinds({ field: 'kind' }))).not.toThrow()
})
