import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshName, judgeSql, makeKafkaTopics, produceAvro, registerSchema, withServices } from '@millrace/testkit'
import { Kafka, logLevel } from 'kafkajs'
import { expect } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

const it = withServices('kafka', 'registry', 'confluent', 'judge')

const ADDRESS = {
  type: 'record',
  name: 'Address',
  namespace: 'shop',
  fields: [
    { name: 'street', type: 'string' },
    { name: 'zip', type: ['null', 'string'], default: null },
  ],
}

const ORDER = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
    { name: 'placed', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'PAID'] } },
    {
      name: 'items',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Item',
          fields: [
            { name: 'sku', type: 'string' },
            { name: 'pieces', type: 'int' },
          ],
        },
      },
    },
    { name: 'labels', type: { type: 'map', values: 'string' } },
    { name: 'address', type: ['null', 'shop.Address'], default: null },
    { name: 'picture', type: ['null', 'bytes'], default: null },
  ],
}

const DATASET = {
  description: 'Orders of the shop',
  format: 'avro',
  fields: {
    id: { type: 'long' },
    price: { type: 'decimal(10,2)' },
    placed: { type: 'timestamp' },
    day: { type: 'date' },
    ...Object.fromEntries(
      ['state', 'items', 'labels', 'address', 'picture', 'note'].map((name) => [name, { type: 'text' }]),
    ),
  },
  columns: {
    id: { type: 'long' },
    price: { type: 'decimal(10,2)' },
    placed: { type: 'timestamp' },
    day: { type: 'date' },
    state: { type: 'string' },
    items: {
      type: {
        type: 'array',
        elementType: { type: 'struct', fields: { sku: { type: 'string' }, pieces: { type: 'integer' } } },
      },
    },
    labels: { type: { type: 'map', keyType: 'string', valueType: 'string' } },
    address: { type: { type: 'struct', fields: { street: { type: 'string' }, zip: { type: 'string' } } } },
    picture: { type: 'binary' },
    note: { type: 'string' },
  },
}

const CLEAN = `SELECT id, price, placed, day, state,
  CAST(items::JSON AS STRUCT(sku VARCHAR, pieces INTEGER)[]) AS items,
  CAST(labels::JSON AS MAP(VARCHAR, VARCHAR)) AS labels,
  CAST(address::JSON AS STRUCT(street VARCHAR, zip VARCHAR)) AS address,
  from_base64(picture) AS picture, note
FROM raw`

const order = (id: number) => ({
  id,
  price: { $decimal: `${id}.50` },
  placed: { $datetime: '2026-01-31T12:00:00.123456+00:00' },
  day: { $date: '2026-01-31' },
  state: id % 2 === 0 ? 'PAID' : 'NEW',
  items: [{ sku: 'a "quoted" sku\n', pieces: 2 }],
  labels: { gift: 'yes' },
  address: id % 3 === 0 ? null : { street: 'Straße 1', zip: null },
  picture: { $bytes: Buffer.from([0, 1, 255]).toString('base64') },
})

async function placeWithOrders(): Promise<Workplace> {
  const place = await openWorkplace()
  const folder = join(place.folder, 'datasets/orders')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(DATASET))
  await writeFile(join(folder, 'clean.sql'), CLEAN)
  return place
}

it('Avro that others wrote, of schemas that change, with what is none: table and quarantine as delta-rs reads them', async ({
  kafka,
  registry,
  confluent,
  judge,
}) => {
  const topic = freshName('orders')
  await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 1 }])
  const place = await placeWithOrders()
  const at = { bootstrap: kafka.bootstrap, registry: registry.url, topic }
  const subject = `${topic}-address`
  await registerSchema(confluent, { registry: registry.url, subject, schema: JSON.stringify(ADDRESS) })
  const references = { 'shop.Address': subject }
  await produceAvro(confluent, { ...at, schema: JSON.stringify(ORDER), references, records: [1, 2, 3].map(order) })
  const wider = { ...ORDER, fields: [...ORDER.fields, { name: 'note', type: ['null', 'string'], default: null }] }
  await produceAvro(confluent, {
    ...at,
    schema: JSON.stringify(wider),
    references,
    records: [{ ...order(4), note: 'fragile' }],
  })
  const unknown = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 2])
  const kafkajs = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).producer()
  await kafkajs.connect()
  await kafkajs.send({ topic, messages: [{ value: unknown }, { value: '{"id": 5}' }, { value: null }] })
  await kafkajs.disconnect()

  const options = ['--source', `kafka://${kafka.bootstrap}`, '--topics', `orders=${topic}`, '--datasets', 'orders']
  const all = [...options, '--dataset-folders', 'datasets', '--registry', registry.url]
  const streamed = await place.run('stream', '--until-caught-up', '--json', ...all)
  expect(streamed.stderr + streamed.stdout).toContain('"rows":4')
  const table = join(place.folder, 'lake/orders')
  const rows = await judgeSql(judge, {
    table,
    sql: 'SELECT id, price, placed, day, state, items, labels, address, picture, note FROM t ORDER BY id',
  })
  expect(rows.map(({ id, state, note }) => [id, state, note])).toEqual([
    [1, 'NEW', null],
    [2, 'PAID', null],
    [3, 'NEW', null],
    [4, 'PAID', 'fragile'],
  ])
  expect(rows[0]).toMatchObject({
    price: '1.50',
    placed: expect.stringContaining('2026-01-31T12:00:00.123456'),
    day: '2026-01-31',
    items: [{ sku: 'a "quoted" sku\n', pieces: 2 }],
    address: { street: 'Straße 1', zip: null },
    picture: 'AAH/',
  })
  expect(rows[2]?.address).toBeNull()
  const refused = await judgeSql(judge, {
    table: `${table}_quarantine`,
    sql: 'SELECT reason, value FROM t ORDER BY "offset"',
  })
  expect(refused).toEqual([
    { reason: 'not Avro: its schema 2147483647 is not in the registry', value: unknown.toString('base64') },
    {
      reason: 'not Avro: it does not begin with the id of a schema',
      value: Buffer.from('{"id": 5}').toString('base64'),
    },
    { reason: 'tombstone: no value', value: null },
  ])
  expect(await place.run('verify', '--source', `kafka://${kafka.bootstrap}`, '--datasets', 'orders')).toMatchObject({
    exitCode: 0,
  })
  await place.leave()
})
