import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { systemRuntime } from '@millrace/base'
import { verifyLake } from '@millrace/outputs'
import { type HttpAddress, temporaryFolder } from '@millrace/testkit'
import { expect, type TestContext } from 'vitest'
import { compare, NOTHING_WRONG } from './checker.ts'
import { type Feed, openFeed } from './feed.ts'
import type { Lake, Topic } from './places.ts'
import { expectEnd, type Orders, startWorker, type WorkerProcess } from './worker-process.ts'

/** A topic, a lake, and workers between them: the stage of one test, cleared at its end. */
export interface Scene {
  readonly feed: Feed
  readonly folder: string
  readonly lake: Lake
  start(special?: Partial<Orders>): WorkerProcess
  /** Sends a few records at a time until the event. */
  feedUntil<T>(event: Promise<T>): Promise<T>
  /** Lets a last worker catch up; then every record is there once, by another engine and by our own account. */
  expectEachRecordOnce(judge: HttpAddress): Promise<void>
}

export interface Setting {
  topic(folder: string): Promise<Topic>
  lake(folder: string): Promise<Lake>
}

/** What is not as usual: what is sent, and what workers are told. */
export interface Special {
  readonly feedOf?: (topic: Topic) => Promise<Feed>
  readonly orders?: Partial<Orders>
}

/** How much faster than a real one the clock of a worker goes. */
const HASTE = 5

/** Slower than a worker, so that there is always something new and never a backlog. */
const PAUSE_MS = 25

type Cleanup = TestContext['onTestFinished']

export async function openScene(
  setting: Setting,
  onTestFinished: Cleanup,
  outputsOf?: (lake: Lake) => readonly string[],
  { feedOf = openFeed, orders = {} }: Special = {},
): Promise<Scene> {
  const folder = await temporaryFolder(onTestFinished)
  const [topic, lake] = await Promise.all([setting.topic(folder), setting.lake(folder)])
  const feed = await feedOf(topic)
  onTestFinished(() => feed.close())
  const usual: Orders = {
    ...{ source: topic.source, lake: lake.address, topic: topic.topic, group: 'crew', dataset: 'user', table: 'user' },
    ...{ limits: { maxBytes: 2_000, maxRows: 20, everyMs: 5 * HASTE }, untilCaughtUp: false },
    ...{ haste: HASTE, events: [], temporaryFolder: folder },
    ...(outputsOf && { outputs: outputsOf(lake) }),
    ...orders,
  }
  const start = (special: Partial<Orders> = {}) => {
    const worker = startWorker({ ...usual, ...special })
    onTestFinished(async () => {
      worker.kill()
      await worker.ended
    })
    return worker
  }
  return {
    feed,
    folder,
    lake,
    start,
    feedUntil: (event) => feedUntil(event, feed),
    async expectEachRecordOnce(judge) {
      await expectEnd(start({ untilCaughtUp: true }), 0)
      expect(await compare(feed.sent, lake, judge)).toEqual(NOTHING_WRONG)
      const verdicts = await verifyLake({ lake: lake.address, tables: ['user'], source: topic.source }, systemRuntime)
      expect(verdicts).toMatchObject([{ exists: true, problems: [] }])
    },
  }
}

async function feedUntil<T>(event: Promise<T>, feed: Feed): Promise<T> {
  const over = new AbortController()
  event.then(
    () => over.abort(),
    () => over.abort(),
  )
  while (!over.signal.aborted) {
    await feed.send(5)
    await Promise.race([pause(PAUSE_MS), over.signal.aborted ? undefined : once(over.signal, 'abort')])
  }
  return event
}
