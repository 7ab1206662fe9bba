import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { jsonLines, openPlace, type Place, post } from './kit.ts'

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** So many pins that DuckDB reads their file by itself. */
const pins = (inds: readonly number[]) => jsonLines(inds.map((ind) => post(ind).pin))

async function placeWith(files: Readonly<Record<string, string>>): Promise<Place> {
  const place = await openPlace(undefined, [])
  await place.putPosts('few', [0])
  for (const [name, text] of Object.entries(files)) await place.put(`pin/${name}`, text)
  return place
}

it('rows that come twice are counted and dropped: in a file, in two, in a small and a large one, and on two days', async () => {
  const place = await placeWith({
    'a.jsonl': pins([...numbers(0, 5000), ...numbers(0, 100)]),
    'b.jsonl': pins([...numbers(4000, 9000), 42]),
  })
  const { run } = await place.run('2026-01-01')
  expect(run.tables[0]).toMatchObject({ records: 10_102, rows: 9_000, duplicates: 1_102, rejected: 0 })
  await place.put('pin/c.jsonl', pins(numbers(8_000, 13_000)))
  const second = await place.run('2026-01-02')
  expect(second.run.tables[0]).toMatchObject({ records: 5_000, rows: 4_000, duplicates: 1_000, rejected: 0 })
  expect(await place.rows('SELECT count(*), count(DISTINCT ind), max(ind) FROM batch.pin')).toEqual([
    [13_000, 13_000, 12_999],
  ])
})

it('a large file that turns out to hold a bad record loses no row to those that were read of it before', async () => {
  const bad = jsonLines([{ ...post(1).pin, index: 'one' }])
  const place = await placeWith({
    'a.jsonl': pins(numbers(0, 5000)),
    'b.jsonl': pins([...numbers(4000, 9000)]) + bad + pins([1, 2]),
  })
  const { run } = await place.run('2026-01-01')
  expect(run.tables[0]).toMatchObject({ records: 10_004, rows: 9_000, duplicates: 1_003, rejected: 1 })
  expect(await place.count('pin')).toBe(9_000)
})

it('rows that differ in a text alone are no duplicates', async () => {
  const others = numbers(0, 5000).map((ind) => ({ ...post(ind).pin, title: `Another ${ind}` }))
  const place = await placeWith({ 'a.jsonl': pins(numbers(0, 5000)) + jsonLines([...others, ...others.slice(0, 7)]) })
  const { run } = await place.run('2026-01-01')
  expect(run.tables[0]).toMatchObject({ records: 10_008, rows: 10_000, duplicates: 8, rejected: 0 })
})

it('rows without a number in the first of the columns are dropped as others are, where they come twice', async () => {
  const readings = numbers(0, 5000).map((n) => ({ sensor: `sensor ${n}`, level: n % 2 === 0 ? null : n, place: n }))
  const place = await openPlace(undefined, [])
  await place.put('reading/a.jsonl', jsonLines([...readings, ...readings.slice(0, 9)]))
  const folder = join(place.folder, 'datasets', 'reading')
  await mkdir(folder, { recursive: true })
  const fields = { sensor: { type: 'text' }, level: { type: 'integer' }, place: { type: 'integer' } }
  const columns = { sensor: { type: 'string' }, level: { type: 'integer' }, place: { type: 'integer' } }
  await writeFile(join(folder, 'dataset.json'), JSON.stringify({ description: 'Readings', fields, columns }))
  await writeFile(join(folder, 'clean.sql'), 'SELECT sensor, level, place FROM raw')
  const { run } = await place.run('2026-01-01', {
    datasets: ['reading'],
    datasetFolders: [join(place.folder, 'datasets')],
    questionFolders: [],
  })
  expect(run.tables[0]).toMatchObject({ records: 5_009, rows: 5_000, duplicates: 9 })
})
