import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshName, makeKafkaTopics, produceKeyed, withServices } from '@millrace/testkit'
import { Kafka, logLevel } from 'kafkajs'
import { expect } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'
import { registryWithUuids } from './registry-with-uuids.ts'

const it = withServices('kafka', 'registry', 'confluent')

const avro = (name: string, ...fields: readonly (readonly [name: string, type: unknown])[]) => ({
  format: 'avro' as const,
  schema: JSON.stringify({ type: 'record', name, fields: fields.map(([name, type]) => ({ name, type })) }),
})

const jsonSchema = (title: string, properties: object) => ({
  format: 'json-schema' as const,
  schema: JSON.stringify({ title, type: 'object', properties }),
})

/** The key is the second message of the file: indexes stand before it. */
const FILE = {
  name: 'user.proto',
  package: 'shop',
  syntax: 'proto3',
  messageType: [
    { name: 'User', field: [{ name: 'n', number: 1, type: 'TYPE_INT32', label: 'LABEL_OPTIONAL' }] },
    { name: 'Key', field: [{ name: 'id', number: 1, type: 'TYPE_INT64', label: 'LABEL_OPTIONAL' }] },
  ],
}
const protobuf = (message: string) => ({ format: 'protobuf' as const, file: FILE, message: `shop.${message}` })

/** 300 needs two bytes in Avro and Protobuf, of which one is no ASCII. */
const RECORDS = [
  [{ id: 300 }, { n: 1 }],
  [{ id: -1 }, { n: 2 }],
  [null, { n: 3 }],
] as const

async function dataset(place: Workplace, name: string, description: object, sql: string): Promise<void> {
  const folder = join(place.folder, 'datasets', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify({ description: '', ...description }))
  await writeFile(join(folder, 'clean.sql'), sql)
}

const KEYED = {
  fields: { n: { type: 'integer' } },
  metadata: { id: { from: 'key.id', type: 'long' }, whole: 'key' },
  columns: {
    n: { type: 'integer' },
    id: { type: 'long' },
    whole: { type: { type: 'struct', fields: { id: { type: 'long' } } } },
  },
}
const SQL = 'SELECT n, id, CAST(whole::JSON AS STRUCT(id BIGINT)) AS whole FROM raw'

it.for(['before', 'in headers'] as const)(
  'keys that Confluent’s serialisers wrote, with ids %s, are columns and structs',
  async (ids, { kafka, registry: { url }, confluent }) => {
    const place = await openWorkplace()
    const registry = ids === 'before' ? { url } : { url: await registryWithUuids(url) }
    const sides = {
      avro: [avro('Key', ['id', 'long']), avro('User', ['n', 'int'])],
      protobuf: [protobuf('Key'), protobuf('User')],
      'json-schema': [jsonSchema('Key', { id: { type: 'integer' } }), jsonSchema('User', { n: { type: 'integer' } })],
    } as const
    const topics: string[] = []
    for (const [format, [key, value]] of Object.entries(sides)) {
      const topic = freshName(`keys-${format}`)
      topics.push(`${format}=${topic}`)
      await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 1 }])
      await produceKeyed(confluent, {
        ...{ bootstrap: kafka.bootstrap, registry: registry.url, topic },
        ...{ key, value, records: RECORDS, ids },
      })
      await dataset(place, format, { ...KEYED, format, keyFormat: format }, SQL)
    }
    const bad = Buffer.from([0, 0xff, 0x61])
    const producer = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    const value = Buffer.from('\0\0\0\0\u0007{"n":4}')
    await producer.send({ topic: String(topics.at(-1)?.split('=')[1]), messages: [{ key: bad, value }] })
    await producer.disconnect()

    const options = ['--source', `kafka://${kafka.bootstrap}`, '--datasets', Object.keys(sides).join(',')]
    const all = [...options, '--topics', topics.join(','), '--dataset-folders', 'datasets', '--registry', registry.url]
    const { stdout, stderr, exitCode } = await place.run('stream', '--until-caught-up', '--json', ...all)
    expect(exitCode, stdout + stderr).toBe(0)
    for (const format of Object.keys(sides)) {
      expect(await place.sql(`SELECT n, id, whole.id AS same FROM "${format}" ORDER BY n`)).toEqual([
        { n: 1, id: 300, same: 300 },
        { n: 2, id: -1, same: -1 },
        { n: 3, id: null, same: null },
      ])
    }
    const shown = await place.run('dev', 'avro', '--once', '--records', '1', ...all)
    expect(shown.stdout).toContain('record 1: {"n":1}')
    expect(
      await place.sql('SELECT reason, hex(key) AS key, hex(value) AS value FROM "json-schema_quarantine"'),
    ).toEqual([
      {
        reason: 'key: not JSON of a schema: it does not begin with the id of a schema',
        ...{ key: bad.toString('hex').toUpperCase(), value: value.toString('hex').toUpperCase() },
      },
    ])
    await place.leave()
  },
)

const ROW = {
  type: 'record',
  name: 'Value',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'born', type: ['null', { type: 'int', 'connect.name': 'io.debezium.time.Date' }], default: null },
  ],
}
const SOURCE = { type: 'record', name: 'Source', fields: [{ name: 'table', type: 'string' }] }
const CHANGE = avro(
  'Envelope',
  ['before', ['null', ROW]],
  ['after', ['null', 'Value']],
  ['source', SOURCE],
  ['op', 'string'],
)
const change = (op: string, before: object | null, after: object | null) => ({
  ...{ before, after, source: { table: 'users' }, op },
})

const USERS = {
  format: { name: 'debezium', values: 'avro' },
  fields: { id: { type: 'long' }, born: { type: 'date' } },
  columns: { id: { type: 'long' }, born: { type: 'date' } },
  ...{ mode: 'upsert', key: ['id'] },
}

it('deletes and tombstones of a topic of Debezium’s in Avro find their rows by keys in Avro', async ({
  kafka,
  registry,
  confluent,
}) => {
  const place = await openWorkplace()
  await dataset(place, 'users', USERS, 'SELECT id, born FROM raw')
  const topic = freshName('shop.users')
  await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 1 }])
  const created = (id: number) => [{ id }, change('c', null, { id, born: id })] as const
  const at = { bootstrap: kafka.bootstrap, registry: registry.url, topic, key: avro('Key', ['id', 'long']) }
  const send = (records: readonly (readonly [object, object | null])[]) =>
    produceKeyed(confluent, { ...at, value: CHANGE, records })
  const stream = async () => {
    const options = ['--source', `kafka://${kafka.bootstrap}`, '--datasets', 'users', '--topics', `users=${topic}`]
    const all = [...options, '--dataset-folders', 'datasets', '--registry', registry.url]
    const { stdout, stderr, exitCode } = await place.run('stream', '--until-caught-up', ...all)
    expect(exitCode, stdout + stderr).toBe(0)
    return place.sql('SELECT id, born::VARCHAR AS born FROM users ORDER BY id')
  }
  await send([300, 301, 302, 303].map(created))
  expect((await stream()).map(({ id }) => id)).toEqual([300, 301, 302, 303])
  await send([
    [{ id: 300 }, change('d', null, null)],
    [{ id: 301 }, null],
    [{ id: 302 }, change('d', { id: 302, born: null }, null)],
  ])
  expect(await stream()).toEqual([{ id: 303, born: '1970-10-31' }])
  await place.leave()
})
