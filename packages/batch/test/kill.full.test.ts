import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { placeOnTheSecondDay, QUARANTINES, undisturbed } from './kill.ts'
import { seen } from './kit.ts'

const PROGRAM = join(import.meta.dirname, 'programs/run-until.ts')

const { points, expected } = await undisturbed()

it.each(points)('a run that died by kill -9 at "%s" is finished by the next', { timeout: 120_000 }, async (point) => {
  const place = await placeOnTheSecondDay()
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(place.options('2026-01-02')), point])
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
  await place.run('2026-01-02')
  expect(await seen(place, QUARANTINES)).toEqual(expected)
})
