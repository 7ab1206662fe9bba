import { seededRandom, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { allCells, someOf } from './cells.ts'
import { playLife } from './life.ts'
import { settingOf, useCredentials } from './places.ts'
import { openScene } from './scene.ts'

// A sixth of one round, another one for each seed; or as many whole rounds as asked for.
const ROUNDS = Number(process.env.MILLRACE_KILL_ROUNDS ?? (process.env.MILLRACE_FULL === '1' ? 3 : 0))
const SEED = Number(process.env.MILLRACE_SEED ?? 20_261_121)
const random = seededRandom(SEED)
const all = allCells(Math.max(1, ROUNDS), random)
const cells = ROUNDS > 0 ? all : someOf(all, Math.ceil(all.length / 6), random)

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
