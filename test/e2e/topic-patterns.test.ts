import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openWorkplace, printed, type Workplace } from './millrace.ts'

const EVENTUALLY = { timeout: 60_000, interval: 100 }

async function openPlace() {
  const place = await openWorkplace()
  onTestFinished(() => place.leave())
  const source = `embedded:${join(place.folder, 's.db')}`
  const send = async (topic: string, ...values: unknown[]) => {
    const producer = await openProducer(source, systemRuntime)
    const encoded = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    await producer.send(
      topic,
      encoded.map((value) => ({ value: Buffer.from(value) })),
    )
    await producer.close()
  }
  return { place, source, send }
}

/** Ids in a table; none while it is not there. */
async function ids(place: Workplace, table: string): Promise<unknown[]> {
  const rows = await place.sql(`SELECT id::INT AS id FROM "${table}" ORDER BY id`).catch(() => [])
  return rows.map(({ id }) => id)
}

async function makeDataset(place: Workplace, name: string, rule = 'true'): Promise<void> {
  const folder = join(place.folder, 'mine', name)
  await mkdir(folder, { recursive: true })
  const description = {
    description: 'Whatever has an id',
    fields: { id: { type: 'long' } },
    metadata: { came_by: 'topic' },
    columns: { id: { type: 'long' }, came_by: { type: 'string' } },
    expectations: { rule: { predicate: rule, otherwise: 'quarantine' } },
  }
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
  await writeFile(join(folder, 'clean.sql'), 'SELECT id, came_by FROM raw')
}

test('each topic that a pattern finds has a table, also one that comes while two workers run, and each row once', async () => {
  const { place, source, send } = await openPlace()
  await send('shop.orders', { id: 1 }, { id: 2 })
  await send('shop.empty')
  await send('_shop.internal', { id: 1 })
  await send('other', { id: 1 })
  const args = ['--source', source, '--topics', 'shop\\..*|_.*', '--infer', '--every', '200ms', '--no-dashboard']
  const workers = [place.start('stream', ...args), place.start('stream', ...args)]
  await Promise.all(workers.map((worker) => printed(worker, /topics found: 1/)))
  await send('shop.later', ...Array.from({ length: 50 }, (_, id) => ({ id, name: `n${id}` })))
  await send('shop.empty', { id: 7 })
  await send('shop.orders', { id: 3 })
  await vi.waitFor(async () => {
    expect(await ids(place, 'shop.later')).toEqual(Array.from({ length: 50 }, (_, id) => id))
    expect([await ids(place, 'shop.orders'), await ids(place, 'shop.empty')]).toEqual([[1, 2, 3], [7]])
  }, EVENTUALLY)
  for (const worker of workers) worker.kill('SIGTERM')
  await Promise.all(workers.map((worker) => new Promise((ended) => worker.once('close', ended))))
  expect(await ids(place, 'shop.later')).toHaveLength(50)
  const tables = JSON.parse((await place.run('tables', '--json')).stdout) as { table: string }[]
  expect(tables.map(({ table }) => table).sort()).toEqual(['shop.empty', 'shop.later', 'shop.orders'])
  expect(await place.run('verify', '--source', source, ...args.slice(2, 4))).toMatchObject({ exitCode: 0 })
})

test('a template gives all topics its rules, and a folder of its own goes before it', async () => {
  const { place, source, send } = await openPlace()
  await makeDataset(place, 'anything')
  await makeDataset(place, 'shop-b', 'id > 1')
  await send('shop-a', { id: 1 }, { id: 2 })
  await send('shop-b', { id: 1 }, { id: 2 })
  const args = ['--dataset-folders', 'mine', '--template', 'anything', '--topics', 'shop-.*', '--until-caught-up']
  expect(await place.run('stream', '--source', source, ...args)).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT id::INT AS id, came_by FROM "shop-a" ORDER BY id')).toEqual([
    { id: 1, came_by: 'shop-a' },
    { id: 2, came_by: 'shop-a' },
  ])
  expect(await ids(place, 'shop-b')).toEqual([2])
  expect(await place.sql('SELECT topic, "offset" FROM "shop-b_quarantine"')).toEqual([{ topic: 'shop-b', offset: '0' }])
})

test('all topics of a pattern in one table, those that come later too', async () => {
  const { place, source, send } = await openPlace()
  await makeDataset(place, 'all')
  await send('shop-a', { id: 1 })
  const args = ['--dataset-folders', 'mine', '--datasets', 'all', '--topics', 'all=/shop-.*/', '--every', '200ms']
  const worker = place.start('stream', '--source', source, '--no-dashboard', ...args)
  await printed(worker, /committed all: 1 rows/)
  await send('shop-b', { id: 2 }, { id: 3 })
  await vi.waitFor(async () => expect(await ids(place, 'all')).toEqual([1, 2, 3]), EVENTUALLY)
  expect(await place.sql('SELECT came_by FROM "all" WHERE id = 3')).toEqual([{ came_by: 'shop-b' }])
})

test('what is wrong with one topic is told and concerns no other', async () => {
  const { place, source, send } = await openPlace()
  await send('shop-a', { id: 1 })
  await send('shop-a_quarantine', { id: 1 })
  const args = ['--source', source, '--topics', 'shop-.*', '--infer']
  const caughtUp = await place.run('stream', ...args, '--until-caught-up')
  expect(caughtUp).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('shop-a_quarantine') })
  expect(await ids(place, 'shop-a')).toEqual([1])
  const worker = place.start('stream', ...args, '--every', '200ms', '--no-dashboard')
  await printed(worker, /topic shop-a_quarantine can't be read/)
  await send('shop-a', { id: 2 })
  await vi.waitFor(async () => expect(await ids(place, 'shop-a')).toEqual([1, 2]), EVENTUALLY)
})
