import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Crash, type Kit, openKit, type TestWorker, USERS, userRecord } from './kit.ts'
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
const hasRead = (worker: TestWorker, records: number) => {
  const read = () => worker.events.reduce((sum, news) => sum + (news.what === 'read' ? news.records : 0), 0)
  return vi.waitFor(() => expect(read()).toBe(records))
}
const catchUp = async (topic: MemoryTopic, ...partitions: number[]) => {
  const worker = await kit.startWorker(topic, { untilCaughtUp: true })
  await worker.source.assign(...partitions)
  return worker.ended
}

describe('rule 4: progress is committed with the rows or not at all', () => {
  for (const point of ['staged', 'uploaded', 'quarantined', 'committed']) {
    it(`a worker that dies when it has ${point} a batch loses and doubles nothing`, async () => {
      const topic = memoryTopic('users', 2)
      send(topic, 0, 0, 50)
      send(topic, 1, 50, 100)
      for (const time of [1, 2]) {
        const dying = await kit.startWorker(topic, { crashAt: { point, time }, maxRows: 10 })
        await dying.source.assign(0, 1)
        expect(await dying.ended).toBeInstanceOf(Crash)
      }
      expect(await catchUp(topic, 0, 1)).toBe('done')
      expect(await inds()).toEqual(upTo(100))
    })
  }
})

describe('rule 1: progress names the identity of its source', () => {
  it('a topic that was deleted and made again stops the worker, with a choice', async () => {
    const topic = memoryTopic('users', 1)
    send(topic, 0, 0, 10)
    await catchUp(topic, 0)
    topic.recreate()
    send(topic, 0, 10, 50)
    expect(await catchUp(topic, 0)).toMatchObject({ code: 'SOURCE_CHANGED' })
    expect(await inds()).toEqual(upTo(10))
  })
})

describe('rule 9: the fence', () => {
  it('a worker that still believes it owns a partition writes nothing, and goes on from the table', async () => {
    const topic = memoryTopic('users', 1)
    send(topic, 0, 0, 5)
    const zombie = await kit.startWorker(topic)
    await zombie.source.assign(0)
    await zombie.committed(1)
    const owner = await kit.startWorker(topic)
    await owner.source.assign(0)
    send(topic, 0, 5, 500)
    // Both read all of it; whoever commits second for a range has to notice.
    while ((await inds()).length < 500) await new Promise(setImmediate)
    await Promise.all([zombie.stop(), owner.stop()])
    expect(await inds()).toEqual(upTo(500))
  })

  it('workers that pass partitions to and fro lose and double nothing', async () => {
    const topic = memoryTopic('users', 3)
    const [a, b] = [await kit.startWorker(topic, { maxRows: 20 }), await kit.startWorker(topic, { maxRows: 20 })]
    await a.source.assign(0, 1, 2)
    for (let round = 0; round < 10; round++) {
      for (const partition of [0, 1, 2]) {
        const from = (round * 3 + partition) * 30
        send(topic, partition, from, from + 30)
      }
      const [giver, taker] = round % 2 === 0 ? [a, b] : [b, a]
      await giver.source.revoke(round % 3)
      await taker.source.assign(round % 3)
      if (round % 2 === 1) await b.source.revoke((round - 1) % 3).then(() => a.source.assign((round - 1) % 3))
    }
    await Promise.all([a.stop(), b.stop()])
    expect(await catchUp(topic, 0, 1, 2)).toBe('done')
    expect(await inds()).toEqual(upTo(900))
  })
})

describe('rule 10: a revoke', () => {
  it('settles only when nothing of the partition can be committed any more', async () => {
    const topic = memoryTopic('users', 1)
    const worker = await kit.startWorker(topic, { maxRows: 5 })
    await worker.source.assign(0)
    send(topic, 0, 0, 40)
    await worker.committed(1)
    await worker.source.revoke(0)
    const after = await inds()
    send(topic, 0, 40, 60)
    const next = await kit.startWorker(topic, { untilCaughtUp: true })
    await next.source.assign(0)
    await next.ended
    expect(after).toEqual(upTo(after.length))
    expect(await inds()).toEqual(upTo(60))
  })
})

describe('a worker that gives up a partition', () => {
  it('leaves what it has only read of it to the next one, which commits it once', async () => {
    const topic = memoryTopic('users', 1)
    const worker = await kit.startWorker(topic, { everyMs: 3_600_000 })
    await worker.source.assign(0)
    send(topic, 0, 0, 5)
    await worker.committed(1)
    const before = await inds()
    send(topic, 0, 5, 20)
    await hasRead(worker, 20)
    await worker.source.revoke(0)
    expect(await inds()).toEqual(before)
    expect(await catchUp(topic, 0)).toBe('done')
    expect(await inds()).toEqual(upTo(20))
  })

  it('commits what is due before the next one can have read it', async () => {
    const topic = memoryTopic('users', 1)
    const hour = 3_600_000
    const worker = await kit.startWorker(topic, { everyMs: hour, isOneOfMany: true })
    await worker.source.assign(0)
    topic.sendMarked(0, userRecord(0), { sentAt: Date.now() + 4_000 - hour })
    await hasRead(worker, 1)
    await worker.source.revoke(0)
    expect(await inds()).toEqual(upTo(1))
  })
})

describe('being caught up', () => {
  it('is not said by a worker that has just lost its partitions, before it knows what is its own now', async () => {
    const topic = memoryTopic('users', 2)
    send(topic, 0, 0, 20)
    const worker = await kit.startWorker(topic, { untilCaughtUp: true })
    await worker.source.assign(0, 1)
    await worker.source.revoke(0, 1)
    // An epoch over nothing would be over long before another reader has looked so often.
    for (let looks = 0; looks < 10; looks++) await kit.column(USERS, 'ind')
    expect(await Promise.race([worker.ended, 'still there'])).toBe('still there')
    send(topic, 1, 20, 40)
    await worker.source.assign(0, 1)
    expect(await worker.ended).toBe('done')
    expect(await inds()).toEqual(upTo(40))
  })

  it('is said by a worker that is told that nothing is left for it', async () => {
    const topic = memoryTopic('users', 1)
    const worker = await kit.startWorker(topic, { untilCaughtUp: true })
    await worker.source.assign(0)
    await worker.source.revoke(0)
    await worker.source.assign()
    expect(await worker.ended).toBe('done')
  })
})
