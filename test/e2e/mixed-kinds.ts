import { expect } from 'vitest'
import type { Workplace } from './millrace.ts'

export const RECORDS = 300
export const DATASETS = ['--datasets', 'pin,geo,user']

const pin = (n: number) => ({ index: n, unique_id: `id-${n}`, follower_count: '3k' })
const geo = (n: number) => ({
  ind: n,
  country: 'Aruba',
  latitude: 1.5,
  longitude: 2.5,
  timestamp: '2020-01-01 00:00:00',
})
export const user = (n: number) => ({
  ind: n,
  first_name: 'A',
  last_name: 'B',
  age: 30,
  date_joined: '2016-01-01 00:00:00',
})
const KINDS = { pin, geo, user, other: pin }

/** Every record a kind of its own, one in ten not to be parsed. */
export function mixed() {
  const names = Object.keys(KINDS) as (keyof typeof KINDS)[]
  return Array.from({ length: RECORDS }, (_, n) => {
    const kind = names[n % names.length] as keyof typeof KINDS
    const value = n % 10 === 9 ? '{bad' : JSON.stringify({ ...KINDS[kind](n), type: kind })
    return { kind, value: Buffer.from(value), key: Buffer.from(`${kind}-partition`) }
  })
}

export const byKey = (topic: string) =>
  ['pin', 'geo', 'user'].map((kind) => `${kind}=${topic}[key=${kind}-partition]`).join(',')
export const byField = (topic: string) =>
  ['pin', 'geo', 'user'].map((kind) => `${kind}=${topic}[type=${kind}]`).join(',')

export async function expectOnePlaceEach(
  place: Workplace,
  source: string,
  badKinds: (n: number) => string,
): Promise<void> {
  const numbers = Array.from({ length: RECORDS }, (_, n) => n)
  const names = Object.keys(KINDS)
  for (const kind of ['pin', 'geo', 'user']) {
    const rows = await place.sql(`select ind from ${kind} order by ind`)
    const wanted = numbers.filter((n) => names[n % 4] === kind && n % 10 !== 9)
    expect(rows.map(({ ind }) => Number(ind))).toEqual(wanted)
    const rejected = await place.sql(`select count(*) as n from ${kind}_quarantine`)
    expect(Number(rejected[0]?.n)).toBe(numbers.filter((n) => badKinds(n) === kind).length)
  }
  const verified = await place.run('verify', '--source', source, ...DATASETS)
  expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing is missing') })
}
