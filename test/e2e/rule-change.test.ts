import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWorkplace, printed, type Workplace } from './millrace.ts'

let place: Workplace
beforeEach(async () => {
  place = await openWorkplace({
    MILLRACE_DATASETS: 'sale',
    MILLRACE_SOURCE: 'embedded:s.db',
    MILLRACE_DASHBOARD: 'false',
  })
})
afterEach(() => place.leave())

/** A version of the data set is a folder of its own. */
async function describeSales(
  version: string,
  sql: string,
  columns: readonly string[],
  dataset = 'sale',
): Promise<void> {
  const folder = join(place.folder, version, dataset)
  await mkdir(folder, { recursive: true })
  const description = {
    description: 'What was sold',
    fields: { id: { type: 'long' }, price: { type: 'double' }, town: { type: 'text' } },
    columns: Object.fromEntries(columns.map((name) => [name, { type: name === 'town' ? 'string' : 'long' }])),
  }
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
  await writeFile(join(folder, 'clean.sql'), sql)
}

const ROUNDED = 'SELECT id, CAST(round(price * 100) AS BIGINT) AS cents FROM raw'
const CUT = 'SELECT id, CAST(floor(price * 100) AS BIGINT) AS cents FROM raw'
const WITH_TOWN = 'SELECT id, CAST(round(price * 100) AS BIGINT) AS cents, town FROM raw'

const sell = (...ids: number[]) => send('sale', ids)

async function send(topic: string, ids: readonly number[]): Promise<void> {
  const producer = await openProducer(`embedded:${join(place.folder, 's.db')}`, systemRuntime)
  const values = ids.map((id) => JSON.stringify({ id, price: id + 0.126, town: `town ${id}` }))
  await producer.send(
    topic,
    values.map((value) => ({ value: Buffer.from(value) })),
  )
  await producer.close()
}

const catchUp = async (...options: string[]) => {
  expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
}
const verified = async (...options: string[]) => {
  expect(await place.run('verify', '--source', 'embedded:s.db', ...options)).toMatchObject({ exitCode: 0 })
}

describe('when a rule changes', () => {
  it('the source is cleaned again into a table beside the old one, which takes its place', async () => {
    await describeSales('v1', ROUNDED, ['id', 'cents'])
    await describeSales('v1', ROUNDED, ['id', 'cents'], 'refund')
    await describeSales('v2', CUT, ['id', 'cents'])
    const [before, after] = [
      ['--dataset-folders', 'v1', '--datasets', 'sale,refund'],
      ['--dataset-folders', 'v2', '--datasets', 'sale', '--group', 'sales-2', '--tables', 'sale=sale_2'],
    ]
    await sell(1, 2)
    await send('refund', [1])
    await catchUp(...before)
    await sell(3)
    // The new pipeline begins at the earliest record; the old one goes on meanwhile.
    await catchUp(...after, '--start', 'earliest')
    await catchUp(...before)
    await verified('--tables', 'sale=sale_2')
    await verified()
    await sell(4)
    await catchUp(...after)
    await verified('--tables', 'sale=sale_2')
    // The others are no business of the new pipeline, and one that would take them as well is stopped.
    const all = ['--dataset-folders', 'v2,v1', '--datasets', 'sale,refund', '--group', 'sales-2']
    const stopped = await place.run('stream', '--until-caught-up', ...all, '--tables', 'sale=sale_2')
    expect(stopped).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('ANOTHER_GROUP') })
    expect(await place.sql('select id from refund')).toEqual([{ id: 1 }])
    expect(await place.sql('select id, cents from sale order by id')).toEqual([
      { id: 1, cents: 113 },
      { id: 2, cents: 213 },
      { id: 3, cents: 313 },
    ])
    expect(await place.sql('select id, cents from sale_2 order by id')).toEqual([
      { id: 1, cents: 112 },
      { id: 2, cents: 212 },
      { id: 3, cents: 312 },
      { id: 4, cents: 412 },
    ])
  })

  it('a column that is added to the data set is added to the table, and a worker goes on where it was', async () => {
    await describeSales('v1', ROUNDED, ['id', 'cents'])
    await describeSales('v2', WITH_TOWN, ['id', 'cents', 'town'])
    await sell(1, 2)
    const worker = place.start('stream', '--dataset-folders', 'v1', '--every', '100ms')
    await printed(worker, /committed/)
    const exited = new Promise((resolve) => worker.once('close', resolve))
    worker.kill('SIGTERM')
    expect(await exited).toBe(143)
    await sell(3)
    await catchUp('--dataset-folders', 'v2')
    await sell(4)
    // One that has not been told yet would leave the column without values: it must be told that this is meant.
    expect(await place.run('stream', '--until-caught-up', '--dataset-folders', 'v1')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('COLUMNS_WITHOUT_VALUES'),
    })
    await catchUp('--dataset-folders', 'v1', '--null-columns', 'sale=town')
    await verified()
    expect(await place.sql('select id, cents, town from sale order by id')).toEqual([
      { id: 1, cents: 113, town: null },
      { id: 2, cents: 213, town: null },
      { id: 3, cents: 313, town: 'town 3' },
      { id: 4, cents: 413, town: null },
    ])
  })

  it('a date of the daily run is done again over the version of the table that it was planned over, from before a column came', async () => {
    await describeSales('v1', ROUNDED, ['id', 'cents'])
    await describeSales('v2', WITH_TOWN, ['id', 'cents', 'town'])
    const run = (date: string, folder: string, ...options: string[]) =>
      place.run('batch', '--date', date, '--dataset-folders', folder, ...options)
    const rows = () => place.sql('select id, cents, town from batch.sale order by id')
    await sell(1)
    await catchUp('--dataset-folders', 'v1')
    expect(await run('2026-01-01', 'v1')).toMatchObject({ exitCode: 0 })
    await sell(2)
    await catchUp('--dataset-folders', 'v2')
    expect(await run('2026-01-01', 'v2')).toMatchObject({ exitCode: 0 })
    expect(await rows()).toEqual([{ id: 1, cents: 113, town: null }])
    expect(await run('2026-01-02', 'v2')).toMatchObject({ exitCode: 0 })
    const both = [
      { id: 1, cents: 113, town: null },
      { id: 2, cents: 213, town: 'town 2' },
    ]
    expect(await rows()).toEqual(both)
    await place.run('optimize', 'sale')
    await place.run('vacuum', 'sale', '--retain-hours', '0', '--force')
    await describeSales('v2', `${WITH_TOWN} WHERE id > 0`, ['id', 'cents', 'town'])
    expect(await run('2026-01-02', 'v2')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /RUN_ORDER.*version 4 of sale, of which vacuum has deleted files \(1\)[\s\S]*Do the date in full/,
      ),
    })
    expect(await rows()).toEqual(both)
    expect(await run('2026-01-02', 'v2', '--full')).toMatchObject({ exitCode: 0 })
    expect(await rows()).toEqual(both)
  })
})
