import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openTable, optimizeTable } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { expect, it } from 'vitest'
import { openPlace, seen } from './kit.ts'
import { generateLakeTables } from './lake-tables.ts'

it('the same date twice gives the same, and does nothing the second time', async () => {
  const place = await openPlace()
  await place.putPosts('one', [1, 2, 3, 3])
  expect(await place.run('2026-01-01')).toMatchObject({ wasDone: false })
  const first = await seen(place)
  await place.putPosts('two', [4])
  expect(await place.run('2026-01-01')).toMatchObject({ wasDone: true })
  expect(await seen(place)).toEqual(first)
})

it('the next date reads what is new alone, and counts what it knows as duplicates', async () => {
  const place = await openPlace()
  await place.putPosts('one', [1, 2, 3])
  await place.run('2026-01-01')
  await place.putPosts('two', [3, 4])
  const { run } = await place.run('2026-01-02')
  expect(run.tables.map(({ records, rows, duplicates }) => [records, rows, duplicates])).toEqual([
    [2, 1, 1],
    [2, 1, 1],
    [2, 1, 1],
  ])
  expect(await place.count('pin')).toBe(4)
})

it('a file that has grown is read again, whole', async () => {
  const place = await openPlace()
  await place.putPosts('one', [1, 2])
  await place.run('2026-01-01')
  await place.putPosts('one', [1, 2, 3])
  expect((await place.run('2026-01-02')).run.tables[0]).toMatchObject({ records: 3, rows: 1, duplicates: 2 })
})

it('--full reads everything and takes the place of all runs before', async () => {
  const place = await openPlace()
  await place.putPosts('one', [1, 2])
  await place.run('2026-01-01')
  await place.putPosts('two', [2, 3])
  const { run } = await place.run('2026-01-02', { full: true })
  expect(run.tables[0]).toMatchObject({ records: 4, rows: 3, duplicates: 1 })
  expect(await place.count('pin')).toBe(3)
  expect(await place.rows('SELECT count(DISTINCT ind), count(*) FROM batch.user')).toEqual([[3, 3]])
})

it('a date before the newest is refused: duplicates are decided in the order of dates', async () => {
  const place = await openPlace()
  await place.putPosts('one', [1])
  await place.run('2026-01-02')
  await expect(place.run('2026-01-01')).rejects.toMatchObject({ code: 'RUN_ORDER' })
})

it('files that optimize has made larger are still told apart by their runs', async () => {
  const place = await openPlace()
  for (const [date, name, inds] of [
    ['2026-01-01', 'one', [1, 2]],
    ['2026-01-02', 'two', [3]],
  ] as const) {
    await place.putPosts(name, inds)
    await place.run(date)
  }
  const table = await openTable({ store: await openLake(place.lake), path: 'batch/pin' })
  const engine = await openDuckDB({ files: 'all' })
  const context = { connection: await engine.connect(), folder: join(place.folder, 'work'), runtime: systemRuntime }
  if (table) expect(await optimizeTable(table, context)).toMatchObject({ removedFiles: 0 })
  engine.close()
})

it('answers that were lost are written again from the lake', async () => {
  const place = await openPlace()
  await place.putPosts('one', [1, 2, 3])
  await place.run('2026-01-01')
  const before = await seen(place)
  await rm(place.out, { recursive: true })
  await place.run('2026-01-01')
  expect(await seen(place)).toEqual(before)
  expect(await readdir(join(place.out, '2026-01-01'))).toContain('q8.arrow')
})

it('the tables that the stream wrote are read from where the last run ended; only duplicates drop', async () => {
  const place = await openPlace()
  const append = await generateLakeTables(place.lake)
  await append([1, 2, 2])
  const fromLake = async (date: string) => {
    const { raw: _, ...options } = place.options(date)
    const { runBatch } = await import('../src/run.ts')
    return (await runBatch(options, systemRuntime, new AbortController().signal)).run.tables[0]
  }
  expect(await fromLake('2026-01-01')).toMatchObject({ records: 3, rows: 2, duplicates: 1 })
  await append([2, 3])
  expect(await fromLake('2026-01-02')).toMatchObject({ records: 2, rows: 1, duplicates: 1 })
  expect(await fromLake('2026-01-03')).toMatchObject({ records: 0, rows: 0 })
  expect(await place.count('pin')).toBe(3)
})

it('a table that the stream never wrote is named, before anything is written', async () => {
  const place = await openPlace()
  const { raw: _, ...options } = place.options('2026-01-01')
  const { runBatch } = await import('../src/run.ts')
  await expect(runBatch(options, systemRuntime, new AbortController().signal)).rejects.toMatchObject({
    code: 'TABLE_NOT_FOUND',
    message: expect.stringContaining('pin'),
  })
  expect(await readdir(place.folder)).not.toContain('lake')
})

it('the answers and the report are for their owner only', async () => {
  const place = await openPlace()
  await place.putPosts('one', [1])
  await place.run('2026-01-01')
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777
  const reports = join(place.out, '2026-01-01')
  expect([await modeOf(place.out), await modeOf(reports)]).toEqual([0o700, 0o700])
  for (const file of await readdir(reports)) expect(await modeOf(join(reports, file))).toBe(0o600)
})
