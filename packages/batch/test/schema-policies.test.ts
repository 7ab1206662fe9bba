import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { jsonLines, openPlace } from './kit.ts'

const FIELDS = { id: { type: 'long' }, name: { type: 'text' } }
const COLUMNS = { id: { type: 'long' }, name: { type: 'string' } }
const RECORDS = [{ id: 1, name: 'a' }, { id: 2, name: 'b', note: 'new' }, { id: 3 }, { id: 'x' }]

/** A place with a data set `orders` that goes by a policy, and records of which one has a field that it does not know. */
async function placeBy(onSchemaChange: string) {
  const place = await openPlace(undefined, [])
  const folder = join(place.folder, 'mine')
  const describe = async (more: Readonly<Record<'fields' | 'columns', object>>) => {
    await mkdir(join(folder, 'orders'), { recursive: true })
    const rules = {
      ...{ description: 'orders', onSchemaChange },
      fields: { ...FIELDS, ...more.fields },
      columns: { ...COLUMNS, ...more.columns },
    }
    await writeFile(join(folder, 'orders/dataset.json'), JSON.stringify(rules))
    const names = Object.keys(rules.columns)
    await writeFile(join(folder, 'orders/clean.sql'), `SELECT ${names.join(', ')} FROM raw`)
  }
  await describe({ fields: {}, columns: {} })
  await place.put('orders/a.jsonl', jsonLines(RECORDS))
  const run = (date: string) => place.run(date, { datasets: ['orders'], datasetFolders: [folder], maxRefused: 1 })
  const reasons = () => place.rows('SELECT "offset", reason FROM batch.orders_quarantine ORDER BY ALL')
  return { place, describe, run, reasons }
}

const WRONG_TYPE = ['4', 'wrong type in field id']

it('quarantine: a record of the daily run that has a field which is unknown is rejected', async () => {
  const { place, run, reasons } = await placeBy('quarantine')
  expect((await run('2026-01-01')).run.tables[0]).toMatchObject({ records: 4, rows: 2, rejected: 2 })
  expect(await place.rows('SELECT id::INT, name FROM batch.orders ORDER BY id')).toEqual([
    [1, 'a'],
    [3, null],
  ])
  expect(await reasons()).toEqual([['2', 'schema: field note is not known to the data set'], WRONG_TYPE])
})

it('stop: the daily run ends at it, and names it, before any of it is in the table', async () => {
  const { place, run } = await placeBy('stop')
  await expect(run('2026-01-01')).rejects.toMatchObject({
    code: 'RECORD_INVALID',
    message: expect.stringMatching(/a\.jsonl.*: schema: field note is not known/),
  })
  expect(await place.rows('SELECT * FROM batch.orders')).toEqual([])
})

it('evolve: the daily run passes over what the data set does not name, and has it once the data set does', async () => {
  const { place, describe, run, reasons } = await placeBy('evolve')
  expect((await run('2026-01-01')).run.tables[0]).toMatchObject({ records: 4, rows: 3, rejected: 1 })
  await describe({ fields: { note: { type: 'text' } }, columns: { note: { type: 'string' } } })
  expect((await run('2026-01-01')).run.tables[0]).toMatchObject({ rows: 3, rejected: 1 })
  expect(await place.rows('SELECT id::INT, name, note FROM batch.orders ORDER BY id')).toEqual([
    [1, 'a', null],
    [2, 'b', 'new'],
    [3, null, null],
  ])
  expect(await reasons()).toEqual([WRONG_TYPE])
})
