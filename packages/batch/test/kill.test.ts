import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { placeOnTheSecondDay, QUARANTINES, undisturbed } from './kill.ts'
import { crashingAt, type Place, seen } from './kit.ts'

const PROGRAM = fileURLToPath(new URL('programs/run-until.ts', import.meta.url))

const { points, expected } = await undisturbed()

/** Every table is written by the same steps; all of them are died at by the full test. */
const ofOneTable = points.filter((point) => !/\b(geo|user)\b/.test(point))

async function killAt(place: Place, point: string): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(place.options('2026-01-02')), point])
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
}

/** Ends where it is, as seen from the lake. */
async function throwAt(place: Place, point: string): Promise<void> {
  const crash = () => {
    throw new Error('crashed')
  }
  await expect(place.run('2026-01-02', {}, crashingAt(point, crash))).rejects.toThrow('crashed')
}

describe('a run that died', () => {
  it('can die at every step, and between the steps of each table', () => {
    expect(points).toEqual(
      expect.arrayContaining(['after plan', 'after pin', 'after geo', 'after user', 'after answers']),
    )
    expect(points).toEqual(
      expect.arrayContaining(['pin uploaded', 'pin rejected', 'pin noted', 'after answer tables', 'after files']),
    )
  })

  it.each(ofOneTable)('at "%s" is finished by the next, as if nothing had happened', async (point) => {
    const place = await placeOnTheSecondDay()
    await throwAt(place, point)
    await place.run('2026-01-02')
    expect(await seen(place, QUARANTINES)).toEqual(expected)
  })

  it.each(['pin noted', 'after answer tables'])('by kill -9 at "%s" is finished by the next', async (point) => {
    const place = await placeOnTheSecondDay()
    await killAt(place, point)
    expect(await place.count('pin')).toBe(40)
    await place.run('2026-01-02')
    expect(await seen(place, QUARANTINES)).toEqual(expected)
  })

  it('is finished by the run of the day after, before that begins', async () => {
    const place = await placeOnTheSecondDay()
    await throwAt(place, 'geo uploaded')
    await place.putPosts('wednesday', [100, 101])
    await place.run('2026-01-03')
    expect(await place.rows('SELECT run_date, rows FROM batch.runs ORDER BY 1')).toEqual([
      ['2026-01-01', 120],
      ['2026-01-02', 91],
      ['2026-01-03', 6],
    ])
  })

  it('shows nothing of itself before it is whole', async () => {
    const place = await placeOnTheSecondDay()
    const before = await seen(place)
    await throwAt(place, 'after answer tables')
    expect(await seen(place)).toEqual(before)
  })
})
