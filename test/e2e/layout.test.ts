import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openTable, type Snapshot } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { expect, onTestFinished, test } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'
import { addSales, makeSales, OF_SALES, SALE, salesFrom } from './sales.ts'

async function openPlace(): Promise<Workplace> {
  const place = await openWorkplace(OF_SALES)
  onTestFinished(() => place.leave())
  await makeSales(place)
  return place
}

async function snapshotOf(place: Workplace, table: string): Promise<Snapshot> {
  const snapshot = await openTable({ store: await openLake(join(place.folder, 'lake')), path: table })
  if (!snapshot) throw new Error(`there is no table ${table}`)
  return snapshot
}

/** The ids in each file, in the order in which they are there, and the partition of each. */
async function filesOf(place: Workplace, table: string) {
  const { files } = await snapshotOf(place, table)
  const engine = await openDuckDB({ files: 'all' })
  onTestFinished(() => engine.close())
  const connection = await engine.connect()
  const read = [...files.values()].map(async ({ path, partitionValues }) => {
    const file = join(place.folder, 'lake', table, decodeURIComponent(path)).replaceAll("'", "''")
    const rows = await connection.runAndReadAll(
      `SELECT id::INT FROM read_parquet('${file}', hive_partitioning = false, file_row_number = true) ORDER BY file_row_number`,
    )
    return { partitionValues, ids: rows.getRows().map(([id]) => Number(id)) }
  })
  return Promise.all(read)
}

const sorted = (ids: readonly number[]) => ids.toSorted((a, b) => a - b)

const EVERY_PARTITION = ['2026-01-31', '2026-02-01'].flatMap((day) =>
  ['a b/ü', 'no'].map((country) => ({ country, sold_day: day })),
)

test('stream writes a file for each country and day, sorted, and compaction keeps both', async () => {
  const place = await openPlace()
  for (const first of [100, 0, 200]) await addSales(place, first, 100)
  const before = await filesOf(place, 'sale')
  expect(before).toHaveLength(12)
  for (const { ids } of before) expect(ids).toEqual(sorted(ids))
  expect(before.map(({ partitionValues }) => partitionValues)).toEqual(
    expect.arrayContaining(EVERY_PARTITION.map((each) => expect.objectContaining(each))),
  )
  expect(await place.run('optimize', 'sale')).toMatchObject({ exitCode: 0 })
  const after = await filesOf(place, 'sale')
  expect(after).toHaveLength(4)
  for (const { ids } of after) expect(ids).toEqual(sorted(ids))
  expect(sorted(after.flatMap(({ ids }) => ids))).toEqual(Array.from({ length: 300 }, (_, i) => i))
  const wrong = 'SELECT count(*)::INT AS n FROM sale WHERE sold_day <> sold::DATE'
  expect(await place.sql(wrong)).toEqual([{ n: 0 }])
})

test('a row that sql changes lies in the partition of its time, or is refused', async () => {
  const place = await openPlace()
  await addSales(place, 0, 4)
  const change = "UPDATE sale SET sold = '2020-02-02 05:00:00'"
  expect(await place.run('sql', `${change} WHERE id = 1`)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`column "sold_day" must be CAST("sold" AS DATE), in UTC`),
  })
  expect(await place.run('sql', `${change}, sold_day = '2020-02-02' WHERE id = 1`)).toMatchObject({ exitCode: 0 })
  const found = await place.sql('SELECT count(*)::INT AS n FROM sale WHERE sold_day = sold::DATE')
  expect(found).toEqual([{ n: 4 }])
})

test('the daily run lays its table out the same', async () => {
  const place = await openPlace()
  await addSales(place, 0, 60)
  expect(await place.run('batch', '--date', '2026-02-02')).toMatchObject({ exitCode: 0 })
  const files = await filesOf(place, 'batch/sale')
  expect(files).toHaveLength(4)
  for (const { ids } of files) expect(ids).toEqual(sorted(ids))
})

test('another order holds from then on; another partition is refused, and so is what can be none', async () => {
  const place = await openPlace()
  await addSales(place, 0, 10)
  await makeSales(place, { ...SALE, sortBy: ['sold', 'id'] })
  await addSales(place, 10, 10)
  const { metadata } = await snapshotOf(place, 'sale')
  expect(metadata.configuration['millrace.sortBy']).toBe('["sold","id"]')
  await makeSales(place, { ...SALE, partitionBy: ['country'] })
  await expect(addSales(place, 20, 10)).rejects.toThrow(/it is partitioned by \(country, sold_day\)/)
  const refused = [
    { partitionBy: ['week(sold)'] },
    { partitionBy: ['day(id)'] },
    { partitionBy: ['nothing'] },
    { sortBy: ['nothing'] },
    { partitionBy: ['country', 'country'] },
    { mode: 'upsert', key: ['id'] },
  ]
  for (const each of refused) {
    await makeSales(place, { ...SALE, ...each })
    await expect(addSales(place, 20, 1)).rejects.toThrow(/DATASET_INVALID/)
  }
})

test('the worker warns of a column with too many values for partitions before it commits the first of them', async () => {
  const place = await openPlace()
  await makeSales(place, { ...SALE, partitionBy: ['id'], sortBy: [] })
  const said = await addSales(place, 0, 250)
  const warned = said.indexOf('"msg":"rows of sale are in more than 200 partitions')
  expect(said.slice(0, warned).split('\n').at(-1)).toContain('"level":"warn"')
  expect(warned).toBeGreaterThan(0)
  expect(warned).toBeLessThan(said.indexOf('"committed"'))
})

test('the daily run drops rows that come twice, whatever its table is partitioned by', async () => {
  const place = await openPlace()
  const fields = {
    ...{ id: { type: 'long' }, country: { type: 'text' }, kind: { type: 'integer' }, sold: { type: 'timestamp' } },
    day: { type: 'date' },
  }
  const columns = { ...fields, country: { type: 'string' } }
  const partitionBy = ['country', 'kind', 'sold', 'day']
  await makeSales(place, { ...SALE, fields, columns, partitionBy }, 'SELECT id, country, kind, sold, day FROM raw')
  const sale = (id: number) => ({
    ...{ id, country: ['a b/ü', "it's", '', null][id % 4], kind: id % 3, day: id % 2 ? '2026-01-31' : null },
    sold: id % 5 ? `2026-01-31T12:00:00.12345${id % 3}Z` : null,
  })
  const lines = (ids: readonly number[]) => ids.map((id) => JSON.stringify(sale(id))).join('\n')
  const ids = Array.from({ length: 30 }, (_, i) => i)
  await writeFile(join(place.folder, 'sale.jsonl'), lines([...ids, 3, 29, 29]))
  const run = ['batch', '--raw', 'sale.jsonl', '--datasets', 'sale', '--date']
  expect(await place.run(...run, '2026-02-01')).toMatchObject({ exitCode: 0 })
  await writeFile(join(place.folder, 'sale.jsonl'), lines([...ids, 30, 30]))
  expect(await place.run(...run, '2026-02-02')).toMatchObject({ exitCode: 0 })
  const rows = await place.sql('SELECT id::INT AS id FROM batch.sale ORDER BY id')
  expect(rows.map(({ id }) => id)).toEqual([...ids, 30])
})

test('the daily run warns of it as well', async () => {
  const place = await openPlace()
  await makeSales(place, { ...SALE, partitionBy: ['id'], sortBy: [] })
  await writeFile(join(place.folder, 'sale.jsonl'), salesFrom(0, 250))
  const ended = await place.run('batch', '--raw', 'sale.jsonl', '--datasets', 'sale')
  expect(ended.stderr).toContain('rows of batch/sale are in more than 200 partitions')
  expect(ended.exitCode).toBe(0)
})

test('a commit with files in too many partitions is refused before any of it is in the table', async () => {
  const place = await openPlace()
  await makeSales(place, { ...SALE, partitionBy: ['id'], sortBy: [] })
  await expect(addSales(place, 0, 12_000)).rejects.toThrow(/TABLE_SCHEMA.*\(id\) has too many values/s)
  expect((await snapshotOf(place, 'sale')).files.size).toBe(0)
})
