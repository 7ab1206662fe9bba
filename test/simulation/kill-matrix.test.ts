import { systemRuntime } from '@millrace/base'
import { verifyLake } from '@millrace/stream'
import { temporaryFolder, withServices } from '@millrace/test'
import { expect } from 'vitest'
import { allCells, seeded, someOf } from './cells.ts'
import { compare, NOTHING_WRONG } from './checker.ts'
import { openFeed } from './feed.ts'
import { playLife } from './life.ts'
import { SOURCES, STORES, useCredentials } from './places.ts'

// A sixth of one round, another one for each seed; MILLRACE_FULL=1 plays all of it three times over.
const FULL = process.env.MILLRACE_FULL === '1'
const SEED = Number(process.env.MILLRACE_SEED ?? 20_261_121)
const random = seeded(SEED)
const round = allCells(FULL ? 3 : 1, random)
const cells = FULL ? round : someOf(round, Math.ceil(round.length / 6), random)

const it = withServices('kafka', 'kinesisMock', 's3', 'judge')

for (const [number, cell] of cells.entries()) {
  const { point, time, source, store } = cell
  const name = `killed at "${point.name}" (${time}), ${source} to ${store}: every record once [${number}, seed ${SEED}]`
  it.concurrent(name, async ({ kafka, kinesisMock, s3, judge, onTestFinished }) => {
    useCredentials(s3)
    const folder = await temporaryFolder(onTestFinished)
    const servers = { kafka, kinesisMock, s3 }
    const [topic, lake] = await Promise.all([SOURCES[source]?.(servers, folder), STORES[store]?.(servers, folder)])
    if (!topic || !lake) throw new Error(`nobody knows ${source} and ${store}`)
    const feed = await openFeed(topic)
    onTestFinished(() => feed.close())

    expect(await playLife(cell, { topic, lake, feed, folder })).toBe('SIGKILL')
    expect(await compare(feed.sent, lake, judge)).toEqual(NOTHING_WRONG)
    const verdicts = await verifyLake({ lake: lake.address, tables: ['user'], source: topic.source }, systemRuntime)
    expect(verdicts).toMatchObject([{ exists: true, problems: [] }])
  })
}
