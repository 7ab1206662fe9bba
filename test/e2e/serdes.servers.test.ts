import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  freshName,
  type HttpAddress,
  type JavaSide,
  judgeSql,
  makeKafkaTopics,
  moto,
  openOwn,
  produceBySerdes,
  type Server,
  withServices,
} from '@millrace/testkit'
import { expect } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

const record = (name: string, fields: Readonly<Record<string, unknown>>, more: object = {}) => ({
  ...{ type: 'record', name, ...more },
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})

const ORDER = record(
  'Order',
  {
    id: 'long',
    placed: { type: 'long', logicalType: 'timestamp-millis' },
    state: { type: 'enum', name: 'State', symbols: ['NEW', 'PAID'] },
    items: { type: 'array', items: record('Item', { sku: 'string', pieces: 'int' }) },
    labels: { type: 'map', values: 'string' },
    address: ['null', record('Address', { street: 'string', zip: ['null', 'string'] })],
    note: ['null', 'string'],
  },
  { namespace: 'shop' },
)

const KEY = record('Key', { id: 'long' }, { namespace: 'shop' })

const PLACED = Date.UTC(2026, 0, 31, 12)

/** As Avro's JSON has it: a union's value says which branch it is. */
const ORDERS = [
  {
    ...{ id: 1, placed: PLACED, state: 'NEW', items: [{ sku: 'Straße', pieces: 2 }], labels: { gift: 'yes' } },
    ...{ address: { 'shop.Address': { street: 'A', zip: { string: '1' } } }, note: { string: 'fragile' } },
  },
  {
    ...{ id: 2, placed: PLACED, state: 'PAID', items: [], labels: {} },
    ...{ address: { 'shop.Address': { street: 'B', zip: null } }, note: null },
  },
  { id: 3, placed: PLACED, state: 'PAID', items: [], labels: {}, address: null, note: null },
]

/** As delta-rs reads them; what is not there differs by format. */
const rowsOf = (empty: { readonly zip: unknown; readonly labels: unknown; readonly gift: unknown }) => {
  const rest = { placed: expect.stringContaining('2026-01-31T12:00:00'), state: 'PAID', items: [], note: null }
  return [
    {
      ...{ ...rest, id: 1, state: 'NEW', items: [{ sku: 'Straße', pieces: 2 }], labels: empty.gift },
      ...{ address: { street: 'A', zip: '1' }, note: 'fragile' },
    },
    { ...rest, id: 2, labels: empty.labels, address: { street: 'B', zip: empty.zip } },
    { ...rest, id: 3, labels: empty.labels, address: null },
  ]
}

const MAP = { labels: [], gift: [['gift', 'yes']] }
const TABLES = {
  avro: rowsOf({ ...MAP, zip: null }),
  protobuf: rowsOf({ ...MAP, zip: '' }),
  'json-schema': rowsOf({ zip: null, labels: { gift: null }, gift: { gift: 'yes' } }),
}

const field = (number: number, name: string, type: string, more: object = {}) => ({
  ...{ name, number, type: `TYPE_${type}`, label: 'LABEL_OPTIONAL' },
  ...more,
})

const ADDRESS_FILE = {
  ...{ name: 'shop/address.proto', package: 'shop', syntax: 'proto3' },
  messageType: [{ name: 'Address', field: [field(1, 'street', 'STRING'), field(2, 'zip', 'STRING')] }],
}

const ORDER_FILE = {
  ...{ name: 'shop/order.proto', package: 'shop', syntax: 'proto3' },
  dependency: ['google/protobuf/timestamp.proto', 'shop/address.proto'],
  messageType: [
    { name: 'Unused', field: [field(1, 'n', 'INT32')] },
    {
      name: 'Order',
      field: [
        field(1, 'id', 'INT64'),
        field(2, 'placed', 'MESSAGE', { typeName: '.google.protobuf.Timestamp' }),
        field(3, 'state', 'ENUM', { typeName: '.shop.State' }),
        field(4, 'items', 'MESSAGE', { typeName: '.shop.Order.Item', label: 'LABEL_REPEATED' }),
        field(5, 'labels', 'MESSAGE', { typeName: '.shop.Order.LabelsEntry', label: 'LABEL_REPEATED' }),
        field(6, 'address', 'MESSAGE', { typeName: '.shop.Address' }),
        field(7, 'note', 'STRING', { oneofIndex: 0, proto3Optional: true }),
      ],
      oneofDecl: [{ name: '_note' }],
      nestedType: [
        { name: 'Item', field: [field(1, 'sku', 'STRING'), field(2, 'pieces', 'INT32')] },
        {
          ...{ name: 'LabelsEntry', options: { mapEntry: true } },
          field: [field(1, 'key', 'STRING'), field(2, 'value', 'STRING')],
        },
      ],
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

const KEY_FILE = {
  ...{ name: 'shop/key.proto', package: 'shop', syntax: 'proto3' },
  messageType: [{ name: 'Key', field: [field(1, 'id', 'INT64')] }],
}

const PROTOBUF: JavaSide = { format: 'protobuf', files: [ADDRESS_FILE, ORDER_FILE], message: 'Order' }

/** Glue knows no file that another one imports. */
const ONE_FILE: JavaSide = {
  format: 'protobuf',
  files: [
    {
      ...ORDER_FILE,
      dependency: ['google/protobuf/timestamp.proto'],
      messageType: [...ORDER_FILE.messageType, ...ADDRESS_FILE.messageType],
    },
  ],
  message: 'Order',
}

const PLAIN = [
  {
    ...{ id: 1, placed: '2026-01-31T12:00:00Z', state: 'NEW', items: [{ sku: 'Straße', pieces: 2 }] },
    ...{ labels: { gift: 'yes' }, address: { street: 'A', zip: '1' }, note: 'fragile' },
  },
  { id: 2, placed: '2026-01-31T12:00:00Z', state: 'PAID', items: [], labels: {}, address: { street: 'B' } },
  { id: 3, placed: '2026-01-31T12:00:00Z', state: 'PAID', items: [], labels: {} },
]

const keyed = (records: readonly object[]) => [
  ...records.map((value, i) => [i === 2 ? null : { id: i + 300 }, value] as const),
  [{ id: 1 }, null] as const,
]

const JSON_SCHEMA = { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Order', type: 'object' }

const STRING = { type: 'string' }

/** Says of the fields what Avro's schema says, but leaves the note to those records that have one. */
const TYPED_JSON_SCHEMA = {
  ...JSON_SCHEMA,
  properties: {
    id: { type: 'integer' },
    placed: { ...STRING, format: 'date-time' },
    state: { enum: ['NEW', 'PAID'] },
    items: { type: 'array', items: { type: 'object', properties: { sku: STRING, pieces: { type: 'integer' } } } },
    labels: { type: 'object', additionalProperties: STRING },
    address: { oneOf: [{ type: 'null' }, { $ref: '#/definitions/address' }] },
  },
  definitions: { address: { type: 'object', properties: { street: STRING, zip: STRING } } },
}

const TEXT: JavaSide = { format: 'text' }
const REGION = 'eu-west-1'
const LOGIN = { AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' }

/** Glue that lets everybody in. */
const withoutLogins: Server<HttpAddress> = {
  ...moto,
  async launch(place) {
    const { env, ...launch } = await moto.launch(place)
    return { ...launch, env: { ...env, INITIAL_NO_AUTH_ACTION_COUNT: 'inf' } }
  },
}

interface Kind {
  readonly serializer: string
  readonly key: JavaSide
  readonly value: JavaSide
  readonly records: readonly object[]
}

/** Sends the orders of each format with their keys, and a tombstone; returns the topics. */
async function sendOrders(
  kinds: Readonly<Record<string, Kind>>,
  send: (topic: string, kind: Kind) => Promise<void>,
  bootstrap: string,
) {
  const topics = Object.fromEntries(Object.keys(kinds).map((name) => [name, freshName(`${name}-orders`)]))
  await makeKafkaTopics(
    bootstrap,
    Object.values(topics).map((topic) => ({ topic, numPartitions: 1 })),
  )
  for (const [name, kind] of Object.entries(kinds)) await send(topics[name] as string, kind)
  return topics
}

const it = withServices('kafka', 'registry', 'moto', 'apicurioSerdes', 'glueSerdes', 'judge')

/** Streams the topics without any data set, and again by one that reads their keys; returns what others read then. */
async function tablesOf(
  place: Workplace,
  judge: HttpAddress,
  topics: Readonly<Record<string, string>>,
  source: readonly string[],
) {
  const named = ['--datasets', Object.keys(topics).join(), '--topics', topicsOf(topics)]
  const streamed = await place.run('stream', '--infer', '--until-caught-up', '--json', ...source, ...named)
  expect(streamed.stderr).toContain('"rows":9')
  return Object.fromEntries(
    await Promise.all(
      Object.keys(topics).map(async (name) => {
        const table = join(place.folder, 'lake', name)
        const rows = await judgeSql(judge, { table, sql: 'SELECT * FROM t ORDER BY id' })
        const refused = await judgeSql(judge, { table: `${table}_quarantine`, sql: 'SELECT reason FROM t' })
        expect(refused).toEqual([{ reason: 'tombstone: no value' }])
        return [name, rows] as const
      }),
    ),
  )
}

async function describeKeyed(place: Workplace, name: string, format: string): Promise<void> {
  const folder = join(place.folder, 'datasets', name)
  await mkdir(folder, { recursive: true })
  const description = {
    ...{ description: 'Orders and their keys', format, keyFormat: format, fields: { id: { type: 'long' } } },
    metadata: { of_key: { from: 'key.id', type: 'long' } },
    columns: { id: { type: 'long' }, of_key: { type: 'long' } },
  }
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
  await writeFile(join(folder, 'clean.sql'), 'SELECT id, of_key FROM raw')
}

const topicsOf = (topics: Readonly<Record<string, string>>) =>
  Object.entries(topics)
    .map(([name, topic]) => `${name}=${topic}`)
    .join()
it.for(['before', 'in headers'])(
  'what Apicurio’s serialisers wrote, with ids %s, becomes typed tables',
  async (ids, { kafka, registry, apicurioSerdes, judge }) => {
    const place = await openWorkplace()
    const url = registry.url.replace('/apis/ccompat/v7', '/apis/registry/v3')
    const of = 'io.apicurio.registry.serde'
    const kinds: Readonly<Record<string, Kind>> = {
      avro: {
        serializer: `${of}.avro.AvroKafkaSerializer`,
        ...{ key: { format: 'avro', schema: KEY }, value: { format: 'avro', schema: ORDER }, records: ORDERS },
      },
      protobuf: {
        serializer: `${of}.protobuf.ProtobufKafkaSerializer`,
        ...{ key: { format: 'protobuf', files: [KEY_FILE], message: 'Key' }, value: PROTOBUF, records: PLAIN },
      },
      'json-schema': {
        serializer: `${of}.jsonschema.JsonSchemaKafkaSerializer`,
        ...{ key: { format: 'json' }, value: { format: 'json' }, records: PLAIN },
      },
    }
    const topics = await sendOrders(
      kinds,
      (topic, { serializer, key, value, records }) => {
        const settings = {
          'bootstrap.servers': kafka.bootstrap,
          ...{ 'apicurio.registry.url': url, 'apicurio.registry.auto-register': 'true' },
          ...{ 'key.serializer': serializer, 'value.serializer': serializer },
          ...(ids === 'in headers' && {
            'apicurio.registry.headers.enabled': 'true',
            'apicurio.registry.use-id': value.format === 'avro' ? 'globalId' : 'contentId',
          }),
          ...(value.format === 'json' && { 'apicurio.registry.artifact.schema.location': 'order.json' }),
        }
        const resources = { 'order.json': JSON_SCHEMA }
        return produceBySerdes(
          apicurioSerdes,
          { settings, topic, key, value, records: keyed(records), resources },
          place.folder,
        )
      },
      kafka.bootstrap,
    )
    const source = ['--source', `kafka://${kafka.bootstrap}`, '--registry', url]
    expect(await tablesOf(place, judge, topics, source)).toEqual(TABLES)
    for (const [name, topic] of Object.entries(topics)) {
      await describeKeyed(place, `keys-${name}`, name)
      const named = ['--datasets', `keys-${name}`, '--topics', `keys-${name}=${topic}`]
      const streamed = await place.run(
        'stream',
        '--until-caught-up',
        ...source,
        '--dataset-folders',
        'datasets',
        ...named,
      )
      expect(streamed).toMatchObject({ exitCode: 0 })
      const table = join(place.folder, 'lake', `keys-${name}`)
      expect(await judgeSql(judge, { table, sql: 'SELECT id, of_key FROM t ORDER BY id' })).toEqual([
        { id: 1, of_key: 300 },
        { id: 2, of_key: 301 },
        { id: 3, of_key: null },
      ])
    }
    await place.leave()
  },
)

it('what AWS Glue’s own serialisers wrote, in Avro, Protobuf and JSON Schema, compressed too, becomes typed tables', async ({
  kafka,
  glueSerdes,
  judge,
  onTestFinished,
}) => {
  const place = await openWorkplace({ ...LOGIN, AWS_REGION: REGION })
  const { address } = await openOwn('moto', withoutLogins, place.folder, onTestFinished)
  const kinds: Readonly<Record<string, Kind>> = {
    avro: { serializer: 'AVRO', key: TEXT, value: { format: 'avro', schema: ORDER }, records: ORDERS },
    protobuf: { serializer: 'PROTOBUF', key: TEXT, value: ONE_FILE, records: PLAIN },
    'json-schema': {
      serializer: 'JSON',
      key: TEXT,
      value: { format: 'json-with-schema', schema: TYPED_JSON_SCHEMA },
      records: PLAIN,
    },
  }
  const topics = await sendOrders(
    kinds,
    (topic, { serializer, key, value, records }) => {
      const settings = {
        ...{ 'bootstrap.servers': kafka.bootstrap, endpoint: address.url, region: REGION, dataFormat: serializer },
        ...{ 'registry.name': 'default-registry', schemaAutoRegistrationEnabled: 'true' },
        ...{ compression: serializer === 'JSON' ? 'ZLIB' : 'NONE', avroRecordType: 'GENERIC_RECORD' },
        'key.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
        'value.serializer': 'com.amazonaws.services.schemaregistry.serializers.GlueSchemaRegistryKafkaSerializer',
      }
      const texts = records.map((record, i) => [i === 2 ? null : `k${i}`, record] as const)
      const job = { settings, topic, key, value, records: [...texts, ['k', null] as const] }
      return produceBySerdes(glueSerdes, job, place.folder, { ...LOGIN, AWS_REGION: REGION })
    },
    kafka.bootstrap,
  )
  const registry = `glue://${REGION}/default-registry?endpoint=${address.url}`
  const source = ['--source', `kafka://${kafka.bootstrap}`, '--registry', registry]
  expect(await tablesOf(place, judge, topics, source)).toEqual({ ...TABLES, 'json-schema': TABLES.avro })
  await place.leave()
})
