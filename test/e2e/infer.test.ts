import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { expect, onTestFinished, test } from 'vitest'
import { openWorkplace } from './millrace.ts'

const ORDER = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
    { name: 'placed', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'picture', type: ['null', 'bytes'] },
    { name: 'counts', type: { type: 'map', values: 'int' } },
    {
      name: 'to',
      type: ['null', { type: 'record', name: 'Address', fields: [{ name: 'zip', type: ['null', 'string'] }] }],
    },
    { name: 'either', type: ['null', 'int', 'string'] },
  ],
}
const PARCEL = `syntax = "proto3"; message Parcel { uint64 id = 1; repeated Item items = 2; optional string note = 3; Parcel inside = 4; }
  message Item { string sku = 1; optional int32 pieces = 2; }`

const DOWN = Symbol('an answer that the registry fails to give')

/** A place with these messages in its topics, and a registry with the schemas of two of them, down for some requests. */
async function placeWith(topics: Readonly<Record<string, readonly Buffer[]>>, downFor = 0) {
  const place = await openWorkplace()
  onTestFinished(() => place.leave())
  const [order, parcel] = [{ schema: JSON.stringify(ORDER) }, { schemaType: 'PROTOBUF', schema: PARCEL }]
  const answers: Record<string, unknown> = {
    ...{ '/subjects/orders-value/versions/latest': order, '/schemas/ids/1': order },
    ...{ '/subjects/parcels-value/versions/latest': parcel, '/schemas/ids/2': parcel },
    '/subjects/items-value/versions/latest': parcel,
  }
  let requests = 0
  const server = createServer(({ url = '' }, response) => {
    if (requests++ < downFor || answers[url] === DOWN) return void response.writeHead(503).end()
    response.statusCode = url in answers ? 200 : 404
    response.end(JSON.stringify(answers[url] ?? { error_code: 40401 }))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const source = `embedded:${join(place.folder, 's.db')}`
  const producer = await openProducer(source, systemRuntime)
  for (const [topic, values] of Object.entries(topics)) {
    await producer.send(
      topic,
      values.map((value) => ({ value })),
    )
  }
  await producer.close()
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { place, answers, options: ['--source', source, '--registry', registry] }
}

const EVENTS = [
  { id: 1, moment: '2026-01-31T12:00:00Z', who: { name: 'Ada', tags: ['x'] }, 'odd name': true },
  { id: 2, moment: null, who: { name: 'Bob', born: '1990-01-02' }, lines: [{ sku: 'a', n: 1 }, { sku: 'b' }] },
  { id: 3, moment: '2026-02-01T00:00:00Z', who: null, lines: [] },
].map((event) => Buffer.from(JSON.stringify(event)))

/** id 7, price 3.00, placed at 0, a picture, { a: 1 }, an address without zip, the text x. */
const ORDER_MESSAGE = Buffer.from('0000000001 0e 04012c 00 020400ff 0202610200 0200 040278'.replaceAll(' ', ''), 'hex')

test('--infer makes a typed table a topic of Avro, Protobuf and JSON, with nothing written', async () => {
  const parcel = Buffer.from('00000000020008051205 0a01781002 12030a0179'.replaceAll(' ', ''), 'hex')
  const { place, options } = await placeWith({ events: EVENTS, orders: [ORDER_MESSAGE], parcels: [parcel] })
  const ended = await place.run(
    'stream',
    '--infer',
    '--datasets',
    'events,orders,parcels',
    '--until-caught-up',
    ...options,
  )
  expect(ended).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT * FROM orders')).toEqual([
    {
      ...{ id: 7, price: '3.00', placed: expect.stringContaining('1970-01-01'), picture: expect.anything() },
      ...{ counts: expect.anything(), to: { zip: null }, either: 'x' },
    },
  ])
  expect(await place.sql('SELECT id::BIGINT AS id, items, note FROM parcels')).toEqual([
    {
      id: 5,
      items: [
        { sku: 'x', pieces: 2 },
        { sku: 'y', pieces: null },
      ],
      note: null,
    },
  ])
  const columns =
    'id, moment IS NULL AS no_time, who.name AS name, who.born::VARCHAR AS born, odd_name, lines[1].n::INT AS n'
  expect(await place.sql(`SELECT ${columns} FROM events ORDER BY id`)).toEqual([
    { id: 1, no_time: false, name: 'Ada', born: null, odd_name: true, n: null },
    { id: 2, no_time: true, name: 'Bob', born: '1990-01-02', odd_name: null, n: 1 },
    { id: 3, no_time: false, name: null, born: null, odd_name: null, n: null },
  ])
  expect((await place.sql('SELECT count(*)::INT AS n FROM events_quarantine').catch(() => [{ n: 0 }]))[0]).toEqual({
    n: 0,
  })
})

test('--infer of a named data set waits for a registry that is down', async () => {
  const { place, options } = await placeWith({ orders: [ORDER_MESSAGE] }, 3)
  const ended = await place.run('stream', '--infer', '--datasets', 'orders', '--until-caught-up', ...options)
  expect(ended).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('503') })
  expect(await place.sql('SELECT id FROM orders')).toEqual([{ id: 7 }])
})

test('a data set that waits for the registry does not hide what is wrong with another one', async () => {
  const { place, answers, options } = await placeWith({ orders: [ORDER_MESSAGE], events: [Buffer.from('nonsense')] })
  answers['/subjects/orders-value/versions/latest'] = DOWN
  const ended = await place.run('stream', '--infer', '--datasets', 'orders,events', ...options)
  expect(ended.exitCode).not.toBe(0)
  expect(ended.stderr).toContain('nothing says what the records of topic events are')
})

test('of a Protobuf schema of several messages the one that the topic has is the table', async () => {
  const { place, options } = await placeWith({
    items: [Buffer.from('0000000002 0202 0a0178 1003'.replaceAll(' ', ''), 'hex')],
  })
  const ended = await place.run('stream', '--infer', '--datasets', 'items', '--until-caught-up', ...options)
  expect(ended).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('left out') })
  expect(await place.sql('SELECT * FROM items')).toEqual([{ sku: 'x', pieces: 3 }])
})

test('quarantine replay --infer brings back what no folder describes, once the registry has its schema', async () => {
  const later = Buffer.from(ORDER_MESSAGE)
  later[4] = 9
  const { place, answers, options } = await placeWith({ 'shop.orders': [ORDER_MESSAGE, later] })
  answers['/subjects/shop.orders-value/versions/latest'] = answers['/schemas/ids/1']
  const at = [...options, '--topics', 'shop\\..*', '--infer']
  expect(await place.run('stream', '--until-caught-up', ...at)).toMatchObject({ exitCode: 0 })
  const replayed = () => place.run('quarantine', 'replay', ...at)
  expect(await replayed()).toMatchObject({ stdout: 'shop.orders: 0 replayed, 1 still bad\n' })
  answers['/schemas/ids/9'] = answers['/schemas/ids/1']
  expect(await replayed()).toMatchObject({ stdout: 'shop.orders: 1 replayed, 0 still bad\n' })
  const [first, second, ...none] = await place.sql('SELECT * FROM "shop.orders"')
  expect(first).toMatchObject({ id: 7, price: '3.00' })
  expect([second, none]).toEqual([first, []])
})

test('quarantine replay gives a row what the source knew of its message, and what that called its schema', async () => {
  const later = Buffer.from(ORDER_MESSAGE)
  later[4] = 9
  const { place, answers, options } = await placeWith({ orders: [ORDER_MESSAGE, later] })
  const folder = join(place.folder, 'mine/orders')
  await mkdir(folder, { recursive: true })
  const description = {
    ...{ description: 'Orders', format: 'avro', fields: { id: { type: 'long' } } },
    metadata: { schema_id: { from: 'schema' }, place: 'offset', from_topic: 'topic', sent: 'timestamp' },
    columns: Object.fromEntries(
      ['id', 'schema_id', 'place', 'from_topic'].map((name) => [name, { type: name === 'id' ? 'long' : 'string' }]),
    ),
  }
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
  await writeFile(join(folder, 'clean.sql'), 'SELECT id, schema_id, place, from_topic FROM raw')
  const at = ['--dataset-folders', 'mine', '--datasets', 'orders', ...options]
  expect(await place.run('stream', '--until-caught-up', ...at)).toMatchObject({ exitCode: 0 })
  answers['/schemas/ids/9'] = answers['/schemas/ids/1']
  expect(await place.run('quarantine', 'replay', ...at)).toMatchObject({ stdout: 'orders: 1 replayed, 0 still bad\n' })
  expect(await place.sql('SELECT * FROM orders ORDER BY place')).toEqual([
    { id: 7, schema_id: '1', place: '0', from_topic: 'orders' },
    { id: 7, schema_id: '9', place: '1', from_topic: 'orders' },
  ])
})

test('dataset init writes a folder whose fixtures pass, and says no where one is', async () => {
  const { place, options } = await placeWith({ 'shop.events': EVENTS, orders: [] })
  const at = ['--dataset-folders', 'datasets']
  const made = await place.run('dataset', 'init', 'shop.events', '--name', 'events', ...at, ...options)
  const next = 'millrace test events --dataset-folders datasets\n'
  expect(made).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(next) })
  expect(await place.run('dataset', 'init', 'orders', ...at, ...options)).toMatchObject({ exitCode: 0 })
  const tested = await place.run('test', 'events', 'orders', '--datasets', 'events,orders', ...at)
  expect(tested).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('4 passed, 0 failed') })
  const again = await place.run('dataset', 'init', 'orders', ...at, ...options)
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is there already') })
})

test('the folder of dataset init takes a field that comes later, as --infer does', async () => {
  const { place, options } = await placeWith({ events: EVENTS })
  const at = ['--dataset-folders', 'datasets']
  expect(await place.run('dataset', 'init', 'events', ...at, ...options)).toMatchObject({ exitCode: 0 })
  const producer = await openProducer(options[1] as string, systemRuntime)
  await producer.send('events', [{ value: Buffer.from('{"id":4,"score":7}') }])
  await producer.close()
  expect(await place.run('stream', '--datasets', 'events', '--until-caught-up', ...at, ...options)).toMatchObject({
    exitCode: 0,
  })
  const read = 'SELECT id::INT AS id, score::INT AS score FROM events WHERE id > 2 ORDER BY id'
  expect(await place.sql(read)).toEqual([
    { id: 3, score: null },
    { id: 4, score: 7 },
  ])
})

test('what is empty in all of the sample is no text for good: --infer takes its type from its first value', async () => {
  const { place, options } = await placeWith({
    events: [Buffer.from('{"id":1,"to":{},"tags":[],"in":{"x":null,"y":1}}')],
  })
  const stream = () => place.run('stream', '--infer', '--datasets', 'events', '--until-caught-up', ...options)
  expect(await stream()).toMatchObject({ exitCode: 0 })
  const producer = await openProducer(options[1] as string, systemRuntime)
  await producer.send('events', [{ value: Buffer.from('{"id":2,"to":{"zip":"a"},"tags":["b"],"in":{"x":2}}') }])
  await producer.close()
  expect(await stream()).toMatchObject({ exitCode: 0 })
  const read = 'SELECT "to".zip AS zip, tags[1] AS tag, "in".x::INT AS x FROM events ORDER BY id'
  expect(await place.sql(read)).toEqual([
    { zip: null, tag: null, x: null },
    { zip: 'a', tag: 'b', x: 2 },
  ])
})

test('dataset init writes into ./datasets where no folder is configured, and says how its commands find it', async () => {
  const { place, options } = await placeWith({ orders: [] })
  const made = await place.run('dataset', 'init', 'orders', ...options)
  const [, found = ''] = /millrace (test orders.*)/.exec(made.stdout) ?? []
  expect(made).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Made datasets/orders:') })
  expect(await readdir(join(place.folder, 'datasets/orders'))).toContain('clean.sql')
  expect(await place.run(...found.split(' '))).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('2 passed'),
  })
})

test('a schema that is not registered under the name of the topic is found by the first message', async () => {
  const { place, options } = await placeWith({ 'named.by.record': [ORDER_MESSAGE] })
  const at = ['--topics', 'named\\..*', '--infer', '--until-caught-up', ...options]
  expect(await place.run('stream', ...at)).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT id, price, "either" FROM "named.by.record"')).toEqual([
    { id: 7, price: '3.00', either: 'x' },
  ])
})

test('a topic of which nothing is known is refused before anything is done', async () => {
  const { place, options } = await placeWith({ empty: [] })
  const ended = await place.run('stream', '--infer', '--datasets', 'empty', '--until-caught-up', ...options)
  expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('nothing says what the records') })
})
