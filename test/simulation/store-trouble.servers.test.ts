import { withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { LOCAL, STORES, useCredentials } from './places.ts'
import { openScene } from './scene.ts'
import { openChangeable, type Weather } from './weather.ts'
import { leave } from './worker-process.ts'

const it = withServices('s3', 'judge')

const TROUBLES: readonly [string, Weather, RegExp][] = [
  ['is down', 'down', /./],
  ['says 503', { status: 503, code: 'SlowDown' }, /on purpose/],
  ['says 500', { status: 500, code: 'InternalError' }, /on purpose/],
  ['takes our credentials for expired', { status: 403, code: 'ExpiredToken' }, /on purpose/],
]

it.concurrent.for(TROUBLES)(
  'a store that %s: the worker waits and says why, then goes on; records that came meanwhile are there once',
  async ([, weather, reason], { s3, judge, onTestFinished }) => {
    useCredentials(s3)
    const store = await openChangeable(s3.endpoint, onTestFinished)
    const lake = async (folder: string) => {
      const { address, ...readable } = await STORES.S3({ s3 }, folder)
      return { ...readable, address: address.replace(s3.endpoint, store.endpoint) }
    }
    const scene = await openScene({ topic: LOCAL.topic, lake }, onTestFinished)
    const { feed, start, feedUntil } = scene
    await feed.send(50)
    const worker = start()
    await feedUntil(worker.passed('committed', 3))
    store.weather = weather
    await feedUntil(worker.waits(reason))
    await feed.send(500)
    store.weather = 'fine'
    await worker.goesOn()
    await feedUntil(worker.passed('committed', 6))
    store.weather = 'slow'
    await feedUntil(worker.passed('committed', 9))
    await leave(worker)
    store.weather = 'fine'
    await scene.expectEachRecordOnce(judge)
    expect(store.troubled).toBeGreaterThan(5)
  },
)
