import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { placeOnTheSecondDay, QUARANTINES, undisturbed } from './kill.ts'
import { seen } from './kit.ts'

const PROGRAM = fileURLToPath(new URL('programs/run-until.ts', import.meta.url))

const { points, expected } = await undisturbed()

it.each(points)('a run that died by kill -9 at "%s" is finished by the next', { timeout: 120_000 }, async (point) => {
  const place = await placeOnTheSecondDay()
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(place.options('2026-01-02')), point])
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
  await place.run('2026-01-02')
  expect(await seen(place, QUARANTINES)).toEqual(expected)
})
