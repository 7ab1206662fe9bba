import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshName, judgeSql, makeKafkaTopics, produceProtobuf, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openWorkplace } from './millrace.ts'

const it = withServices('kafka', 'registry', 'confluent', 'judge')

const field = (number: number, name: string, type: string, more: object = {}) => ({
  ...{ name, number, type: `TYPE_${type}`, label: 'LABEL_OPTIONAL' },
  ...more,
})

/** As protoc would describe it: an order is the second message of its file. */
const FILE = {
  name: 'order.proto',
  package: 'shop',
  syntax: 'proto3',
  dependency: ['google/protobuf/timestamp.proto'],
  messageType: [
    { name: 'Item', field: [field(1, 'sku', 'STRING'), field(2, 'pieces', 'INT32')] },
    {
      name: 'Order',
      field: [
        field(1, 'id', 'UINT64'),
        field(2, 'placed', 'MESSAGE', { typeName: '.google.protobuf.Timestamp' }),
        field(3, 'state', 'ENUM', { typeName: '.shop.State' }),
        field(4, 'items', 'MESSAGE', { typeName: '.shop.Item', label: 'LABEL_REPEATED' }),
        field(5, 'card', 'STRING', { oneofIndex: 0 }),
        field(6, 'cash', 'DOUBLE', { oneofIndex: 0 }),
      ],
      oneofDecl: [{ name: 'payment' }],
    },
  ],
  enumType: [
    {
      name: 'State',
      value: [
        { name: 'NEW', number: 0 },
        { name: 'PAID', number: 1 },
      ],
    },
  ],
}

const DATASET = {
  description: 'Orders of the shop',
  format: 'protobuf',
  fields: {
    id: { type: 'decimal(20,0)' },
    placed: { type: 'timestamp' },
    ...Object.fromEntries(['state', 'items', 'card'].map((name) => [name, { type: 'text' }])),
    cash: { type: 'double' },
  },
  columns: {
    id: { type: 'decimal(20,0)' },
    placed: { type: 'timestamp' },
    state: { type: 'string' },
    pieces: { type: { type: 'array', elementType: 'integer' } },
    card: { type: 'string' },
    cash: { type: 'double' },
  },
}

it('Protobuf that Confluent’s serialiser wrote, as delta-rs reads it', async ({
  kafka,
  registry,
  confluent,
  judge,
}) => {
  const topic = freshName('orders')
  await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 1 }])
  const place = await openWorkplace()
  const folder = join(place.folder, 'datasets/orders')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(DATASET))
  const pieces = `list_transform(CAST(items AS STRUCT(sku VARCHAR, pieces INTEGER)[]), lambda item: item.pieces)`
  await writeFile(join(folder, 'clean.sql'), `SELECT id, placed, state, ${pieces} AS pieces, card, cash FROM raw`)
  await produceProtobuf(confluent, {
    ...{ bootstrap: kafka.bootstrap, registry: registry.url, topic, file: FILE, message: 'shop.Order' },
    records: [
      { id: '18446744073709551615', placed: '2026-01-31T12:00:00.123456Z', state: 'PAID', cash: 2.5 },
      { id: 2, items: [{ sku: 'a', pieces: 3 }, { sku: 'b' }], card: '' },
    ],
  })
  const options = ['--source', `kafka://${kafka.bootstrap}`, '--topics', `orders=${topic}`, '--datasets', 'orders']
  const all = [...options, '--dataset-folders', 'datasets', '--registry', registry.url]
  const streamed = await place.run('stream', '--until-caught-up', '--json', ...all)
  expect(streamed.stderr + streamed.stdout).toContain('"rows":2')
  const sql = 'SELECT CAST(id AS VARCHAR) AS id, placed, state, pieces, card, cash FROM t ORDER BY length(id) DESC'
  const rows = await judgeSql(judge, { table: join(place.folder, 'lake/orders'), sql })
  expect(rows).toEqual([
    {
      ...{ id: '18446744073709551615', placed: expect.stringContaining('2026-01-31T12:00:00.123456') },
      ...{ state: 'PAID', pieces: [], card: null, cash: 2.5 },
    },
    { id: '2', placed: null, state: 'NEW', pieces: [3, 0], card: '', cash: null },
  ])
  await place.leave()
})
