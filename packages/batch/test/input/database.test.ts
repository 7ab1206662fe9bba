import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { OpenRows } from '../../src/input/database.ts'
import { crashingAt, DATASETS, openPlace, post, seen } from '../kit.ts'

const ADDRESS = 'mysql://somebody@db.example/app'

/** A database in memory: a table a data set, read some rows at a time. */
function database() {
  const inds: Record<(typeof DATASETS)[number], number[]> = { pin: [], geo: [], user: [] }
  const openRows: OpenRows = async (_, datasets) => {
    const left = DATASETS.filter((set) => datasets.includes(set)).map((set) => ({
      set,
      records: inds[set].map((ind) => Buffer.from(JSON.stringify(post(ind)[set]))),
    }))
    return {
      async next(most) {
        const page = left.map(({ set, records }) => [set, records.splice(0, Math.min(most, 7))] as const)
        const some = page.filter(([, records]) => records.length > 0)
        return some.length > 0 ? new Map(some) : undefined
      },
      close: async () => {},
    }
  }
  return {
    options: { raw: ADDRESS, openRows },
    insert: (...numbers: number[]) => {
      for (const set of DATASETS) inds[set].push(...numbers)
    },
    truncate: (set: (typeof DATASETS)[number]) => void inds[set].splice(0),
  }
}

const counts = ({ tables }: { tables: readonly { records: number; rows: number; duplicates: number }[] }) =>
  tables.map(({ records, rows, duplicates }) => ({ records, rows, duplicates }))

it('a database is read whole; what earlier runs have read is a duplicate, and one copy of it stays', async () => {
  const place = await openPlace()
  const { options, insert } = database()
  insert(...Array.from({ length: 30 }, (_, i) => i))
  const first = await place.run('2026-01-01', options)
  expect(counts(first.run)).toEqual(DATASETS.map(() => ({ records: 30, rows: 30, duplicates: 0 })))
  insert(30, 31)
  const second = await place.run('2026-01-02', options)
  expect(counts(second.run)).toEqual(DATASETS.map(() => ({ records: 32, rows: 2, duplicates: 30 })))
  expect(await place.count('pin')).toBe(32)
  const copies = await readdir(join(place.lake, '_millrace/batch/copies'), { recursive: true, withFileTypes: true })
  const files = copies.filter((entry) => entry.isFile())
  expect(files).toHaveLength(DATASETS.length)
  for (const { parentPath } of files) expect(parentPath).toContain('/2026-01-02/')
})

it('a run that was killed goes on with the rows that the database had then', async () => {
  const [killed, undisturbed] = [await openPlace(), await openPlace()]
  const { options, insert, truncate } = database()
  insert(1, 2, 3)
  await undisturbed.run('2026-01-01', options)
  const crash = () => {
    throw new Error('killed')
  }
  await expect(killed.run('2026-01-01', options, crashingAt('after pin', crash))).rejects.toThrow('killed')
  insert(4, 5)
  truncate('user')
  await killed.run('2026-01-01', options)
  expect(await seen(killed)).toEqual(await seen(undisturbed))
})

it('a database without any row of a data set ends the first run before a table is written', async () => {
  const place = await openPlace()
  const { options, insert, truncate } = database()
  insert(1)
  truncate('geo')
  await expect(place.run('2026-01-01', options)).rejects.toMatchObject({ code: 'RAW_MISSING' })
  expect(await readdir(place.lake)).not.toContain('batch')
})
