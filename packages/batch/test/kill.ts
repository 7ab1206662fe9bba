import { cp } from 'node:fs/promises'
import { systemRuntime } from '@millrace/base'
import { afterAll } from 'vitest'
import { jsonLines, openPlace, type Place, post, seen } from './kit.ts'

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

let secondDay: Promise<Place> | undefined

/** A lake with one run behind it, and raw records of the next day: some known, some bad. It is made once, then copied. */
export async function placeOnTheSecondDay(finished?: Parameters<typeof openPlace>[0]): Promise<Place> {
  secondDay ??= reachSecondDay()
  const place = await openPlace(finished)
  await cp((await secondDay).folder, place.folder, { recursive: true, preserveTimestamps: true })
  return place
}

async function reachSecondDay(): Promise<Place> {
  const place = await openPlace(afterAll)
  await place.putPosts('monday', [...numbers(0, 40), 3, 4])
  await place.run('2026-01-01')
  await place.putPosts('tuesday', [...numbers(30, 70), 65])
  const bad = { ...post(99).pin, index: 'many' }
  await place.put('tuesday-too/pin.jsonl', jsonLines([post(71).pin, bad, post(1).pin]))
  return place
}

export const QUARANTINES = ['pin_quarantine']

/** The points of the second day at which a process may die, in their order, and what an undisturbed run leaves. */
export async function undisturbed() {
  const place = await placeOnTheSecondDay(afterAll)
  const points: string[] = []
  await place.run('2026-01-02', {}, { ...systemRuntime, crashPoint: (name) => void points.push(name) })
  return { points: points.filter((name) => /^(after )?[a-z ]+$/.test(name)), expected: await seen(place, QUARANTINES) }
}
