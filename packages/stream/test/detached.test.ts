import { systemRuntime } from '@millrace/base'
import { verifyTable } from '@millrace/outputs'
import { temporaryFolder } from '@millrace/testkit'
import { verifyArchive } from '@millrace/transport'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Kit, openKit, USERS, userRecord, type WorkerOptions } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

// A few; MILLRACE_FULL=1 for all.
const ALL = ['epoch begun', 'other begun', 'staged', 'uploaded', 'claimed', 'archived', 'quarantined', 'committed']
const POINTS = process.env.MILLRACE_FULL === '1' ? ALL : ALL.filter((_, i) => i % 3 === 2)

let kit: Kit
beforeAll(async () => {
  kit = await openKit()
})
afterAll(() => kit.close())

interface Surroundings {
  readonly topic: MemoryTopic
  readonly archive: string
  /** Runs a worker until it has read all, or died. */
  run(options: WorkerOptions): Promise<'done' | Error>
}

async function surroundings(name: string): Promise<Surroundings> {
  const topic = memoryTopic(name, 2)
  return {
    topic,
    archive: `archive:${await temporaryFolder()}`,
    async run(options) {
      const worker = await kit.startWorker(topic, { group: name, untilCaughtUp: true, maxRows: 9, ...options })
      await worker.source.assign(0, 1)
      return worker.ended
    },
  }
}

function send({ topic }: Surroundings, from: number, to: number): void {
  for (let i = from; i < to; i++) topic.send(i % 2, i % 5 === 3 ? 'no record' : userRecord(i))
}

/** All that was sent is in the archive once, and in the table or the quarantine once. */
async function expectEachOnce({ topic, archive }: Surroundings): Promise<void> {
  const sent = topic.partitions.map((_, i) => topic.sent(i).length)
  const verdicts = await verifyArchive(archive, topic.source(), systemRuntime)
  expect(verdicts.flatMap(({ problems }) => problems)).toEqual([])
  expect(verdicts.map(({ messages }) => messages).sort()).toEqual(sent.toSorted())
  const { partitions, problems } = await verifyTable({ store: kit.store, path: USERS })
  expect(problems).toEqual([])
  const mine = partitions.filter((each) => each.topic === topic.name)
  expect(mine.map(({ messages }) => messages).sort()).toEqual(sent.toSorted())
  const rejected = (
    await kit.column(`${USERS}_quarantine`, `CASE WHEN topic = '${topic.name}' THEN "offset" END`)
  ).filter((offset) => offset !== null)
  const bad = topic.partitions.flatMap((_, i) => topic.sent(i).filter((value) => value === 'no record'))
  expect(rejected).toHaveLength(bad.length)
  expect(mine.map(({ records }) => records).sort()).toEqual(sent.toSorted())
  expect(mine.reduce((sum, { quarantined }) => sum + quarantined, 0)).toBe(bad.length)
}

describe('an output that is added later', () => {
  it('has from then on what the others get', async () => {
    const place = await surroundings('later')
    send(place, 0, 30)
    expect(await place.run({})).toBe('done')
    send(place, 30, 40)
    expect(await place.run({ archives: [place.archive] })).toBe('done')
    const verdicts = await verifyArchive(place.archive, place.topic.source(), systemRuntime)
    expect(verdicts.map(({ messages, problems }) => [messages, problems])).toEqual([
      [5, []],
      [5, []],
    ])
  })

  it('is filled with what the source has, where that is asked for, also when the worker is killed meanwhile', async () => {
    const place = await surroundings('filled')
    send(place, 0, 50)
    expect(await place.run({})).toBe('done')
    send(place, 50, 60)
    for (const point of ['other begun', 'archived', 'quarantined']) {
      await place.run({ archives: [place.archive], backFills: true, crashAt: { point } })
    }
    expect(await place.run({ archives: [place.archive] })).toBe('done')
    await expectEachOnce(place)
  })
})

describe('an output that was detached for a time', () => {
  it('has all that it missed when it is attached again, and what comes after', async () => {
    const place = await surroundings('again')
    send(place, 0, 20)
    expect(await place.run({ archives: [place.archive] })).toBe('done')
    send(place, 20, 70)
    expect(await place.run({})).toBe('done')
    send(place, 70, 90)
    expect(await place.run({ archives: [place.archive] })).toBe('done')
    await expectEachOnce(place)
  })

  it.each(POINTS)('also when the worker is killed while it catches up: %s', async (point) => {
    const place = await surroundings(`killed-${point.replaceAll(' ', '-')}`)
    send(place, 0, 20)
    expect(await place.run({ archives: [place.archive] })).toBe('done')
    send(place, 20, 60)
    expect(await place.run({})).toBe('done')
    send(place, 60, 75)
    for (let time = 1; time <= 3; time++) {
      await place.run({ archives: [place.archive], crashAt: { point, time } })
    }
    expect(await place.run({ archives: [place.archive] })).toBe('done')
    await expectEachOnce(place)
  })

  it('is not attached again where the source no longer has what it lacks', async () => {
    const place = await surroundings('deleted')
    send(place, 0, 20)
    expect(await place.run({ archives: [place.archive] })).toBe('done')
    send(place, 20, 60)
    expect(await place.run({})).toBe('done')
    place.topic.forget(0, 15)
    const before = await kit.column(USERS, 'ind')
    expect(await place.run({ archives: [place.archive] })).toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('the source begins at 15'),
    })
    expect(await kit.column(USERS, 'ind')).toEqual(before)
  })
})
