import { replayQuarantine, verifyAgainstSource, verifyTable } from '@millrace/outputs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Crash, type Kit, openKit, USERS, userRecord, type WorkerOptions } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

const QUARANTINE = `${USERS}_quarantine`
const table = () => ({ store: kit.store, path: USERS })
const inds = () => kit.column(USERS, 'ind')
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const list = (...inds: number[]) => `[${inds.map(userRecord).join(',')}]`
const refused = () => kit.column(QUARANTINE, `"offset" || ' ' || reason || ' ' || decode(value)`)

const catchUp = async (topic: MemoryTopic, options: WorkerOptions = {}) => {
  const worker = await kit.startWorker(topic, { ...options, untilCaughtUp: true, maxRows: 10 })
  await worker.source.assign(0)
  return worker.ended
}
/** The account of the one partition, which must be without a problem, in the source too. */
const account = async (topic: MemoryTopic) => {
  const { partitions, problems } = await verifyTable(table())
  expect(problems).toEqual([])
  expect(await verifyAgainstSource(table(), partitions, topic.source())).toEqual([])
  expect(partitions).toHaveLength(1)
  return partitions[0]
}

describe('a message that is a list of objects', () => {
  it('is a row for each, among messages that are one, however it is spaced', async () => {
    const topic = memoryTopic('users', 1)
    topic.send(0, userRecord(0), list(1), list(2, 3, 4), ` \n[ ${userRecord(5)} ,\t${userRecord(6)} ]\r\n`)
    topic.send(0, JSON.stringify([JSON.parse(userRecord(7)), JSON.parse(userRecord(8))], undefined, 2))
    topic.send(0, JSON.stringify([{ ...JSON.parse(userRecord(9)), first_name: '}],[{"\\' }]), userRecord(10))
    expect(await catchUp(topic)).toBe('done')
    expect(await inds()).toEqual(upTo(11))
    expect(await kit.column(USERS, 'user_name')).toContain('}],[{"\\ B')
    expect(await account(topic)).toMatchObject({ to: ['7'], messages: 7, records: 11, rows: 11 })
  })

  it('has each bad record by itself in quarantine, by its place in the message', async () => {
    const topic = memoryTopic('users', 1)
    const bad = '{"ind":"x"}'
    topic.send(0, `[${userRecord(0)},${bad},${userRecord(1)}]`, `[{"ind":tru}]`)
    expect(await catchUp(topic)).toBe('done')
    expect(await inds()).toEqual([0, 1])
    expect(await refused()).toEqual([`0[1] wrong type in field ind ${bad}`, '1[0] not JSON {"ind":tru}'])
    expect(await account(topic)).toMatchObject({ messages: 2, records: 4, rows: 2, quarantined: 2 })
  })

  it('goes to quarantine whole with anything else in it', async () => {
    const topic = memoryTopic('users', 1)
    const user = userRecord(1)
    const others = ['[]', '[[]]', `[${user},1]`, `[${user},null]`, `[[${user}]]`, `[${user},"{}"]`, `[${user},]`]
    const broken = [`[${user}`, `[${user}${user}]`, `[${user}]]`, `[${user}] x`, '[', `[{"a":[}]`]
    topic.send(0, ...others, ...broken, userRecord(0))
    expect(await catchUp(topic)).toBe('done')
    expect(await inds()).toEqual([0])
    const reasons = new Map((await refused()).map((text) => [String(text).split(' ')[0], String(text)]))
    for (const [offset, value] of [...others, ...broken].entries()) {
      const reason = offset < others.length ? 'a list, and not of 1 to 100000 objects alone' : 'not JSON'
      expect(reasons.get(String(offset))).toBe(`${offset} ${reason} ${value}`)
    }
    expect(await account(topic)).toMatchObject({ messages: 14, records: 14, rows: 1, quarantined: 13 })
  })

  it('is dropped whole where its id came before, and counted', async () => {
    const topic = memoryTopic('users', 1)
    for (const id of ['a', 'b', 'a']) topic.sendMarked(0, id === 'a' ? list(0, 1) : list(2, 3, 4), { id })
    expect(await catchUp(topic)).toBe('done')
    expect(await inds()).toEqual(upTo(5))
    expect(await account(topic)).toMatchObject({ messages: 3, records: 7, rows: 5, repeated: 2 })
  })

  it('may hold records of several kinds that a field tells apart', async () => {
    const topic = memoryTopic('events', 1)
    const of = (kind: string, ind: number) => userRecord(ind).replace('{', `{"kind":"${kind}",`)
    topic.send(0, `[${of('user', 0)},${of('pin', 1)},${of('cat', 2)}]`, of('user', 3))
    const kinds = {
      by: { field: 'kind' },
      mine: new Set(['user']),
      known: new Set(['user', 'pin']),
      takesUnrecognized: true,
    }
    expect(await catchUp(topic, { kinds })).toBe('done')
    expect(await inds()).toEqual([0, 3])
    expect(await kit.column(QUARANTINE, '"offset"')).toEqual(['0[2]'])
    expect(await account(topic)).toMatchObject({ messages: 2, records: 4, rows: 2, quarantined: 1, elsewhere: 1 })
  })

  it('is committed with progress at a message, though its block is taken in parts', async () => {
    const topic = memoryTopic('users', 1)
    const size = 30_000
    for (let i = 0; i < 5; i++) topic.send(0, list(...upTo(size).map((ind) => ind + i * size)))
    const dying = await kit.startWorker(topic, { maxRows: 10, crashAt: { point: 'committed' } })
    await dying.source.assign(0)
    expect(await dying.ended).toBeInstanceOf(Crash)
    expect(Number((await account(topic))?.to[0])).toBeLessThan(5)
    expect(await catchUp(topic)).toBe('done')
    expect((await kit.column(USERS, 'count(DISTINCT ind)'))[0]).toBe(BigInt(5 * size))
    expect(await account(topic)).toMatchObject({ to: ['5'], messages: 5, records: 5 * size, rows: 5 * size })
  })
})

describe('exactly once, of messages that hold several records', () => {
  const mixed = () => {
    const topic = memoryTopic('users', 1)
    for (let i = 0; i < 10; i++) topic.send(0, i % 3 === 0 ? userRecord(i * 3) : list(i * 3, i * 3 + 1, i * 3 + 2))
    return topic
  }
  const all = upTo(30).filter((ind) => Math.floor(ind / 3) % 3 !== 0 || ind % 3 === 0)

  it.each(['block read', 'staged', 'uploaded', 'quarantined', 'committed'])(
    'a worker that dies when it has %s a batch loses and doubles none, whatever the rules are then (rule 7)',
    async (point) => {
      const topic = mixed()
      const dying = await kit.startWorker(topic, { onlyIf: 'ind % 5 <> 4', maxRows: 10, crashAt: { point } })
      await dying.source.assign(0)
      expect(await dying.ended).toBeInstanceOf(Crash)
      expect(await catchUp(topic, { onlyIf: 'ind % 7 <> 3' })).toBe('done')
      const held = (await kit.column(QUARANTINE, `CAST(decode(value)->>'ind' AS INTEGER)`)) as number[]
      expect([...((await inds()) as number[]), ...held].sort((a, b) => a - b)).toEqual(all)
      expect(await account(topic)).toMatchObject({ messages: 10, records: all.length })
    },
  )

  it('a replay brings back the one record of a message that was refused', async () => {
    const topic = mixed()
    expect(await catchUp(topic, { onlyIf: 'ind <> 4 AND ind <> 15' })).toBe('done')
    expect(await kit.column(QUARANTINE, '"offset"')).toEqual(['1[1]', '5[0]'])
    expect(await replayQuarantine(await kit.replayParts())).toEqual({ replayed: 2, stillBad: 0 })
    expect(await inds()).toEqual(all)
  })
})
