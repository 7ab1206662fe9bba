import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { expect, test } from 'vitest'
import { openPage, openShell } from './examples.ts'

const ALL = {
  description: 'Whatever has an id',
  fields: { id: { type: 'long' } },
  metadata: { came_by: 'topic' },
  columns: { id: { type: 'long' }, came_by: { type: 'string' } },
}

test('the examples of docs/topics.md: a table for each topic of a pattern, and one table for all', async () => {
  const place = await openShell({ MILLRACE_SOURCE: 'embedded:s.db', MILLRACE_DATASET_FOLDERS: 'mine' })
  const folder = join(place.folder, 'mine', 'all')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(ALL))
  await writeFile(join(folder, 'clean.sql'), 'SELECT id, came_by FROM raw')
  const producer = await openProducer(`embedded:${join(place.folder, 's.db')}`, systemRuntime)
  await producer.send('shop.orders', [{ value: Buffer.from('{"id":1}') }])
  await producer.send('shop.returns', [{ value: Buffer.from('{"id":2,"why":"broken"}') }])
  await producer.close()

  const page = await openPage('topics.md')
  const untilCaughtUp = { 'millrace stream': 'unset MILLRACE_DATASETS; millrace stream --until-caught-up' }
  const [each = '', all = ''] = page.examplesOf('shop')
  expect(await page.run(place, each, untilCaughtUp)).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT id::INT AS id, why FROM "shop.returns"')).toEqual([{ id: 2, why: 'broken' }])
  expect(await place.sql('SELECT id::INT AS id FROM "shop.orders"')).toEqual([{ id: 1 }])
  expect(await page.run(place, all, untilCaughtUp)).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT id::INT AS id, came_by FROM "all" ORDER BY id')).toEqual([
    { id: 1, came_by: 'shop.orders' },
    { id: 2, came_by: 'shop.returns' },
  ])
})
