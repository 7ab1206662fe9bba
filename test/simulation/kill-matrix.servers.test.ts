import { withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { allCells, seeded, someOf } from './cells.ts'
import { playLife } from './life.ts'
import { settingOf, useCredentials } from './places.ts'
import { openScene } from './scene.ts'

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
    const scene = await openScene(settingOf(source, store, { kafka, kinesisMock, s3 }), onTestFinished)
    expect(await playLife(cell, scene)).toBe('SIGKILL')
    await scene.expectEachRecordOnce(judge)
  })
}
