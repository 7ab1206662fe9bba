import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError, systemRuntime } from '@millrace/base'
import { openCatalog, openProducer } from '@millrace/transport'
import { afterAll, expect, test } from 'vitest'
import { cleanRecords, createWorker, defineDataset, openLake, type WorkerOptions } from '../../src/index.ts'
import { temporaryFolder } from '../run-millrace.ts'

const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())

const orders = defineDataset({
  name: 'orders',
  fields: { id: { type: 'long' } },
  columns: { id: { type: 'long' } },
  sql: 'select id from raw',
})

let made = 0

/** A worker's settings with a source and a lake of their own, and what puts records into that source. */
async function place(changes: Partial<WorkerOptions> = {}) {
  const path = join(folder.path, String(made++))
  mkdirSync(path)
  const source = `embedded:${join(path, 'stream.db')}`
  const send = (...ids: readonly number[]) => sendTo(source, 'orders', ids)
  await send(1, 2)
  return {
    path,
    source,
    send,
    options: { source, lake: join(path, 'lake'), datasets: [orders], everyMs: 50, ...changes },
  }
}

async function sendTo(source: string, topic: string, ids: readonly number[], more: object = {}): Promise<void> {
  const producer = await openProducer(source, systemRuntime)
  await producer.send(
    topic,
    ids.map((id) => ({ value: Buffer.from(JSON.stringify({ id, word: `w${id}`, ...more })) })),
  )
  await producer.close()
}

async function idsIn(lake: WorkerOptions['lake'], table = 'orders', column = 'id'): Promise<unknown[]> {
  const opened = await openLake(lake)
  const rows = await opened.table(table).read(`select ${column} as id from "${table}" order by id`)
  await opened.close()
  return rows.map(({ id }) => id)
}

test('a worker runs until it is stopped, and the next one goes on where it was', async () => {
  const { options, send } = await place()
  const worker = createWorker(options)
  const committed = new Promise((settle) => worker.on('committed', settle))
  const running = worker.run()
  await committed
  expect(await worker.stop()).toEqual(await running)
  expect(await running).toMatchObject({ rows: 2, quarantined: 0 })
  await send(3)
  expect(await createWorker(options).run({ untilCaughtUp: true })).toMatchObject({ rows: 1 })
  expect(await idsIn(options.lake)).toEqual([1, 2, 3])
})

test('topics by a pattern have tables of their own, by a template or inferred, or one for all, also those that come', async () => {
  const { options, source } = await place()
  const { lake } = options
  await sendTo(source, 'shop.a', [3])
  const each = { ...options, datasets: [], topics: { '*': '/shop[.].*/' } }
  const worker = createWorker({ ...each, datasets: [orders], template: 'orders' })
  const found = Promise.withResolvers<void>()
  worker.on('committed', ({ dataset }) => dataset === 'shop.b' && found.resolve())
  const running = worker.run()
  await sendTo(source, 'shop.b', [4])
  await found.promise
  await worker.stop()
  await running
  expect(await Promise.all(['shop.a', 'shop.b'].map((table) => idsIn(lake, table)))).toEqual([[3], [4]])
  const others = { ...each, lake: `${lake}-2` }
  await createWorker({ ...others, infer: true }).run({ untilCaughtUp: true })
  expect(await idsIn(others.lake, 'shop.b', 'word')).toEqual(['w4'])
  const all = { ...options, lake: `${lake}-3`, topics: { orders: '/shop[.].*/' } }
  await createWorker(all).run({ untilCaughtUp: true })
  expect(await idsIn(all.lake)).toEqual([3, 4])
  const own = createWorker({ ...all, source: async () => Promise.reject(new Error('not asked')) })
  await expect(own.run()).rejects.toMatchObject({ code: 'USAGE' })
})

test('an inferred column has the type of the first value that its field has, however late', async () => {
  const { options, source } = await place({ infer: true, datasets: ['late'] })
  const run = () => createWorker(options).run({ untilCaughtUp: true })
  await sendTo(source, 'late', [1, 2], { score: null })
  expect(await run()).toMatchObject({ rows: 2 })
  await sendTo(source, 'late', [3], { score: 1.5 })
  expect(await run()).toMatchObject({ rows: 1 })
  expect(await idsIn(options.lake, 'late', 'typeof(score)')).toEqual(['DOUBLE', 'DOUBLE', 'DOUBLE'])
})

test('a table of several topics goes on when one of them is deleted, and stops where it was made anew', async () => {
  const { options, source } = await place()
  const { lake } = options
  for (const [i, topic] of ['shop.a', 'shop.b'].entries()) await sendTo(source, topic, [i])
  const worker = createWorker({ ...options, topics: { orders: '/shop[.].*/' } })
  let rows = 0
  const taken = [2, 3].map(() => Promise.withResolvers<void>())
  worker.on('committed', (news) => {
    rows += news.rows
    if (rows >= 2) taken[rows - 2]?.resolve()
  })
  const running = worker.run()
  await taken[0]?.promise
  const catalog = await openCatalog(source)
  await catalog.remove('shop.b')
  await sendTo(source, 'shop.a', [2])
  await Promise.race([taken[1]?.promise, running])
  expect(await idsIn(lake)).toEqual([0, 1, 2])
  await catalog.remove('shop.a')
  await sendTo(source, 'shop.a', [3])
  await catalog.close()
  await expect(running).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
})

test('a signal stops it as well', async () => {
  const { options } = await place()
  const [worker, stopping] = [createWorker(options), new AbortController()]
  worker.on('committed', () => stopping.abort())
  expect(await worker.run({ signal: stopping.signal })).toMatchObject({ rows: 2 })
})

test('stopping a worker that does not run does nothing', async () => {
  const { options } = await place()
  expect(await createWorker(options).stop()).toBeUndefined()
})

test('a listener hears only its own events, until it is taken off', async () => {
  const { options } = await place()
  const worker = createWorker(options)
  const heard: string[] = []
  worker.on('started', ({ what, datasets }) => heard.push(what, datasets[0]?.table ?? ''))
  const off = worker.on('committed', ({ what }) => heard.push(what))
  off()
  await worker.run({ untilCaughtUp: true })
  expect(heard).toEqual(['started', 'orders'])
})

test('a data set of a folder is named, its table and its topic too', async () => {
  const { path, options } = await place({
    topics: { sales: 'orders' },
    tables: { sales: 'orders' },
    datasets: ['sales'],
  })
  const home = join(path, 'datasets/sales')
  mkdirSync(home, { recursive: true })
  const { fields, columns, sql } = orders
  writeFileSync(join(home, 'dataset.json'), JSON.stringify({ description: 'sales', fields, columns }))
  writeFileSync(join(home, 'clean.sql'), sql)
  const worker = createWorker({ ...options, datasetFolders: [join(path, 'datasets')] })
  expect(await worker.run({ untilCaughtUp: true })).toMatchObject({ rows: 2 })
  expect(await idsIn(options.lake)).toEqual([1, 2])
})

test('a worker runs once', async () => {
  const { options } = await place()
  const worker = createWorker(options)
  await worker.run({ untilCaughtUp: true })
  expect(() => worker.run()).toThrow(MillraceError)
})

test('what is wrong with a data set is said by its name', async () => {
  const wrong = defineDataset({ ...orders, columns: { id: { type: 'number' } } })
  const { options } = await place({ datasets: [wrong] })
  const expected = { code: 'DATASET_INVALID', message: expect.stringContaining('the data set orders') }
  await expect(createWorker(options).run({ untilCaughtUp: true })).rejects.toMatchObject(expected)
  await expect(cleanRecords(wrong, [])).rejects.toMatchObject(expected)
  await expect(cleanRecords({ ...orders, format: 'morse' }, [])).rejects.toMatchObject(expected)
})

test('records may be texts, bytes, objects and tombstones', async () => {
  const records = ['{"id":1}', Buffer.from('{"id":2}'), { id: 3 }, null]
  const { rows, rejected } = await cleanRecords(orders, records)
  expect(rows.map(({ id }) => id).sort()).toEqual([1, 2, 3])
  expect(rejected.map(({ index }) => index)).toEqual([3])
  await expect(cleanRecords(orders, [(() => {}) as object])).rejects.toMatchObject({ code: 'USAGE' })
})
