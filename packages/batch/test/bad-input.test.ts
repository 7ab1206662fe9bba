import { appendFile, cp } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { systemRuntime } from '@millrace/base'
import { openDuckDB } from '@millrace/engine'
import { dismissRecords, listQuarantine } from '@millrace/outputs'
import { PINTEREST } from '@millrace/testkit'
import { reasonKind } from '@millrace/transform'
import { describe, expect, it } from 'vitest'
import { jsonLines, openPlace, type Place, post } from './kit.ts'

const rejectedPins = ({ rows }: Place) =>
  rows(
    `SELECT parse_filename(nullif(topic, '')), TRY_CAST("offset" AS BIGINT), reason, decode(value)
     FROM batch.pin_quarantine ORDER BY ALL`,
  )

/** What is asked of the tables does not matter here. */
const openUnasked = () => openPlace(undefined, [])

async function placeWith(pins: Readonly<Record<string, string | Uint8Array>>): Promise<Place> {
  const place = await openUnasked()
  await place.putPosts('good', [1, 2, 3])
  for (const [name, bytes] of Object.entries(pins)) await place.put(`pin/${name}`, bytes)
  return place
}

const pin = (ind: number) => jsonLines([post(ind).pin])

describe('an object that can not be read is rejected by name, and the others are not', () => {
  it.each([
    ['half-written', `${pin(4)}${pin(5).slice(0, 40)}`, 'incomplete: its last record has no end'],
    ['gzip in a JSON name', gzipSync(pin(4)), 'it is gzip, and its name says JSON'],
    ['zstd in a JSON name', zstdCompressSync(pin(4)), 'it is zstd, and its name says JSON'],
  ])('%s', async (_, bytes, reason) => {
    const place = await placeWith({ 'bad.json': bytes })
    const { run } = await place.run('2026-01-01')
    expect(run.tables[0]).toMatchObject({ records: 3, rows: 3, rejected: 1 })
    expect(await rejectedPins(place)).toEqual([['bad.json', null, reason, null]])
  })

  it('a half-written one is read once it has changed, and not before', async () => {
    const place = await placeWith({ 'bad.json': pin(4).slice(0, 50) })
    await place.run('2026-01-01')
    expect((await place.run('2026-01-02')).run.tables[0]).toMatchObject({ records: 0, rejected: 0 })
    await place.put('pin/bad.json', pin(4))
    expect((await place.run('2026-01-03')).run.tables[0]).toMatchObject({ records: 1, rows: 1, rejected: 0 })
  })

  it('a large one is rejected as a whole, before its first record is taken', async () => {
    const many = jsonLines(Array.from({ length: 30_000 }, (_, i) => post(i + 10).pin))
    const place = await placeWith({ 'large.jsonl': many.slice(0, -20) })
    expect((await place.run('2026-01-01')).run.tables[0]).toMatchObject({ records: 3, rows: 3, rejected: 1 })
  })

  it('what is no Parquet', async () => {
    const place = await placeWith({ 'bad.parquet': 'PAR1 and then something else PAR1' })
    await place.run('2026-01-01')
    const [rejected] = await rejectedPins(place)
    expect(rejected?.slice(0, 2)).toEqual(['bad.parquet', null])
    expect(rejected?.[2]).toMatch(/DuckDB can't read it/)
  })
})

describe('documents over many lines', () => {
  it('are read where they are so large that DuckDB would read lines by itself', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => i + 10)
    for (const text of [list(many), pretty(...many), JSON.stringify(many.map((ind) => post(ind).pin))]) {
      const place = await placeWith({ 'large.json': text })
      expect((await place.run('2026-01-01')).run.tables[0]).toMatchObject({ records: 3003, rows: 3003, rejected: 0 })
    }
  })

  it('are rejected by name where their end is missing, and record by record where one is bad', async () => {
    const bad = JSON.stringify([post(4).pin, { ...post(5).pin, index: 'five' }, 6], undefined, 2)
    const place = await placeWith({ 'bad.json': bad, 'half.json': list([7, 8]).slice(0, -300), 'open.json': '[\n{}' })
    expect((await place.run('2026-01-01')).run.tables[0]).toMatchObject({ records: 6, rows: 4, rejected: 4 })
    expect((await rejectedPins(place)).map(([object, place, reason]) => [object, place, reason])).toEqual([
      ['bad.json', 2, 'wrong type in field index'],
      ['bad.json', 3, 'not an object'],
      ['half.json', null, 'incomplete: its last record has no end'],
      ['open.json', null, 'incomplete: its last record has no end'],
    ])
  })
})

describe('a record that can not be cleaned is rejected by object and place', () => {
  it('a column that changed its type', async () => {
    const changed = { ...post(5).pin, index: 'five' }
    const place = await placeWith({ 'a.jsonl': jsonLines([post(4).pin, changed, post(6).pin]) })
    const { run } = await place.run('2026-01-01')
    expect(run.tables[0]).toMatchObject({ records: 6, rows: 5, rejected: 1 })
    expect(await rejectedPins(place)).toEqual([['a.jsonl', 2, 'wrong type in field index', JSON.stringify(changed)]])
  })

  it.each([
    [{ index: 1.5 }, 'wrong type in field index'],
    [{ index: null }, 'expectation has_number failed'],
  ])('in a file so large that DuckDB reads it by itself: %o', async (fault, reason) => {
    const records: unknown[] = Array.from({ length: 5000 }, (_, i) => post(i + 10).pin)
    records[4321] = { ...post(1).pin, ...fault }
    const place = await placeWith({ 'large.jsonl': jsonLines(records) })
    expect((await place.run('2026-01-01')).run.tables[0]).toMatchObject({ records: 5003, rows: 5002, rejected: 1 })
    expect(await place.rows('SELECT "offset"::BIGINT, reason FROM batch.pin_quarantine')).toEqual([[4322, reason]])
  })

  it('in a list, by its number there as well; a list that holds anything but records is rejected whole', async () => {
    const [four, five] = [post(4).pin, { ...post(5).pin, index: 'five' }]
    const lists = [[four, five], [post(6).pin, 7], [post(8).pin]]
    for (const more of [0, 5000]) {
      const place = await placeWith({
        'a.jsonl': jsonLines([...lists, ...Array.from({ length: more }, (_, i) => post(i + 10).pin)]),
      })
      const counts = { records: more + 7, rows: more + 5, rejected: 2 }
      expect((await place.run('2026-01-01')).run.tables[0]).toMatchObject(counts)
      expect(
        await place.rows('SELECT "offset", offset_number, reason, decode(value) FROM batch.pin_quarantine ORDER BY 1'),
      ).toEqual([
        ['1[1]', 1, 'wrong type in field index', JSON.stringify(five)],
        ['2', 2, 'a list, and not of 1 to 100000 objects alone', JSON.stringify(lists[1])],
      ])
    }
  })

  it('in Parquet, where a column of one file is of another type', async () => {
    const place = await openUnasked()
    await place.putPosts('good', [1])
    const engine = await openDuckDB({ files: 'all' })
    const connection = await engine.connect()
    const write = (name: string, index: string) =>
      connection.run(
        `COPY (SELECT ${index} AS index, 'art' AS category) TO '${join(place.raw, name)}' (FORMAT parquet)`,
      )
    await write('a-pin.parquet', '7')
    await write('b-pin.parquet', '8.5::DOUBLE')
    engine.close()
    expect((await place.run('2026-01-01')).run.tables[0]).toMatchObject({ records: 3, rows: 2, rejected: 1 })
    expect(await place.rows('SELECT reason FROM batch.pin_quarantine')).toEqual([['wrong type in field index']])
  })

  it('one dated in the future; not one of tomorrow morning, in another zone', async () => {
    const soon = new Date(Date.now() + 12 * 3_600_000).toISOString().slice(0, 19)
    const place = await openUnasked()
    await place.putPosts('good', [1])
    const geo = [
      { ...post(2).geo, timestamp: '2999-01-01 00:00:00' },
      { ...post(3).geo, timestamp: soon },
    ]
    await place.put('geo/a.jsonl', jsonLines(geo))
    expect((await place.run('2026-01-01')).run.tables[1]).toMatchObject({ records: 3, rows: 2, rejected: 1 })
    const [row] = await place.rows("SELECT reason, decode(value)::JSON->>'ind' FROM batch.geo_quarantine")
    expect(row).toEqual(['a time in it is in the future', '2'])
  })
})

const pretty = (...inds: number[]) => inds.map((ind) => `${JSON.stringify(post(ind).pin, undefined, 2)}\n`).join('')
const list = (inds: readonly number[]) =>
  JSON.stringify(
    inds.map((ind) => post(ind).pin),
    undefined,
    4,
  )

describe('what is taken', () => {
  it.each([
    ['objects over many lines', 'events/event-a.json', pretty(4, 5)],
    ['a list of objects over many lines', 'a.json', list([4, 5])],
    ['a list of objects on one line', 'a.json', JSON.stringify([post(4).pin, post(5).pin])],
    ['objects over many lines, zipped', 'a.json.gz', gzipSync(pretty(4, 5))],
    ['lines that end as Windows ends them', 'a.jsonl', pin(4).replace('\n', '\r\n') + pin(5).replace('\n', '\r\n')],
    ['blank lines', 'a.jsonl', `\n${pin(4)}\n\n \n${pin(5)}\n`],
    ['a last line without an end', 'a.json', (pin(4) + pin(5)).trimEnd()],
    ['gzip that says so', 'a.json.gz', gzipSync(pin(4) + pin(5))],
    ['zstd that says so', 'a.json.zst', zstdCompressSync(pin(4) + pin(5))],
    ['lists of records, a line each', 'a.jsonl', jsonLines([[post(4).pin], [post(5).pin]])],
    ['lists without an end of their last line', 'a.jsonl', jsonLines([[post(4).pin], [post(5).pin]]).trimEnd()],
    ['CSV', 'a.csv', 'index,title,category\n4,"a, b",art\n5,,\n'],
  ])('%s', async (_, name, bytes) => {
    const place = await placeWith({ [name]: bytes })
    expect((await place.run('2026-01-01')).run.tables[0]).toMatchObject({ records: 5, rows: 5, rejected: 0 })
  })
})

describe('nothing is written where', () => {
  it('there is nothing at --raw', async () => {
    const place = await openUnasked()
    await expect(place.run('2026-01-01', { raw: join(place.folder, 'nowhere') })).rejects.toMatchObject({
      code: 'RAW_MISSING',
    })
  })

  it('a data set has no record', async () => {
    const place = await openUnasked()
    await place.put('pin.jsonl', pin(1))
    await place.put('geo.jsonl', jsonLines([post(1).geo]))
    await expect(place.run('2026-01-01')).rejects.toMatchObject({
      code: 'RAW_MISSING',
      message: expect.stringContaining('user'),
    })
  })
})

describe('a run in which more records are rejected than may be', () => {
  const wrong = (ind: number) => ({ ...post(ind).pin, index: `no number ${ind}` })
  const many = { code: 'MANY_REJECTED', exitCode: 3 }

  it('is not done: it names the commonest reasons, keeps the records, and readers go on with the run before', async () => {
    const place = await placeWith({})
    await place.run('2026-01-01')
    const records = [...Array.from({ length: 70 }, (_, i) => post(i + 10).pin), wrong(4), wrong(5), ...Array(6).fill(1)]
    await place.put('pin/more.jsonl', jsonLines(records))
    const run = place.run('2026-01-02', { maxRefused: 0.1 })
    await expect(run).rejects.toMatchObject({
      ...many,
      message:
        'the run of 2026-01-02 is not done: of 78 records of pin 8 were rejected, more than 10 %: not an object (6); wrong type in field index (2)',
    })
    expect(await place.rows('SELECT count(*)::INTEGER FROM batch.pin')).toEqual([[3]])
    await expect(place.run('2026-01-02', { maxRefused: 0.1 })).rejects.toMatchObject(many)
    expect((await place.run('2026-01-02', { maxRefused: 0.11 })).run.tables[0]).toMatchObject({
      records: 78,
      rejected: 8,
    })
    expect(await place.rows('SELECT count(*)::INTEGER FROM batch.pin')).toEqual([[73]])
  })

  it('also where whole objects are: each counts as a record', async () => {
    const place = await placeWith({ 'a.json': '{"index":', 'b.json': '{"index":' })
    await expect(place.run('2026-01-01', { maxRefused: 0.1 })).rejects.toMatchObject({
      ...many,
      message: expect.stringContaining('of 5 records of pin 2 were rejected, more than 10 %: incomplete'),
    })
  })

  it('counts errors of the SQL together, whatever values they name', async () => {
    const kinds = ["Could not convert string 'long7' to INT32", "Could not convert string 'x' to INT32"].map(reasonKind)
    expect(new Set(kinds)).toEqual(new Set(['Could not convert string … to INT32']))
    expect(reasonKind('too large: 33554444 bytes, at most 33554432')).toBe('too large: … bytes, at most …')
  })
})

it('what was dismissed of a run is decided anew when its date is done again, and is not there twice', async () => {
  const place = await placeWith({ 'a.jsonl': jsonLines([post(4).pin, { index: 'five' }, 1]) })
  await place.run('2026-01-01')
  const { lake } = place
  const which = { topic: 'pin/a.jsonl', matching: 'wrong type' }
  const counts = await dismissRecords({ lake, tables: ['batch/pin'], which, reason: 'a test' }, systemRuntime)
  expect([...counts]).toEqual([['batch/pin', 1]])
  const tables = [{ dataset: 'pin', table: 'batch/pin' }]
  const states = async () => {
    const listed = await listQuarantine({ lake, tables, datasetFolders: [] }, 10, true)
    return listed.map(({ reason, state }) => [reason, state]).sort()
  }
  expect(await states()).toEqual([
    ['not an object', 'bad'],
    ['wrong type in field index', 'dismissed: a test'],
  ])
  const own = join(place.folder, 'own')
  await cp(join(PINTEREST.datasets, 'pin'), join(own, 'pin'), { recursive: true })
  await appendFile(join(own, 'pin', 'clean.sql'), '\n-- another text')
  await place.run('2026-01-01', { datasetFolders: [own, PINTEREST.datasets] })
  expect(await states()).toEqual([
    ['not an object', 'bad'],
    ['wrong type in field index', 'bad'],
  ])
})
