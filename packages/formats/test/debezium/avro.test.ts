import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { joinValues, textOfKey, valueAt } from '@millrace/base'
import avsc from 'avsc'
import { expect, onTestFinished, test } from 'vitest'
import { openFormat } from '../../src/index.ts'

const connect = (type: string, name: string, more: object = {}) => ({ type, 'connect.name': name, ...more })
const orNull = (type: unknown) => ({ type: ['null', type], default: null })
const BORN = connect('int', 'io.debezium.time.Date')

/** As Kafka Connect's Avro converter makes it of a table. */
const ROW = {
  type: 'record',
  name: 'Value',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'born', ...orNull(BORN) },
    { name: 'seen', ...orNull(connect('long', 'io.debezium.time.MicroTimestamp')) },
    {
      name: 'price',
      type: connect('bytes', 'org.apache.kafka.connect.data.Decimal', {
        logicalType: 'decimal',
        precision: 6,
        scale: 2,
      }),
    },
    { name: 'flags', type: connect('bytes', 'io.debezium.data.Bits', { 'connect.parameters': { length: '9' } }) },
    {
      name: 'any',
      ...orNull({
        type: 'record',
        name: 'VariableScaleDecimal',
        namespace: 'io.debezium.data',
        'connect.name': 'io.debezium.data.VariableScaleDecimal',
        fields: [
          { name: 'scale', type: 'int' },
          { name: 'value', type: 'bytes' },
        ],
      }),
    },
  ],
}

const ENVELOPE = {
  ...{ type: 'record', name: 'Envelope', namespace: 'shop.public.users', 'connect.name': 'shop.public.users.Envelope' },
  fields: [
    { name: 'before', ...orNull(ROW) },
    { name: 'after', ...orNull('Value') },
    { name: 'source', type: { type: 'record', name: 'Source', fields: [{ name: 'lsn', type: ['null', 'long'] }] } },
    { name: 'op', type: 'string' },
    { name: 'ts_ms', type: ['null', 'long'] },
  ],
}

const KEY = {
  ...{ type: 'record', name: 'Key', namespace: 'shop.public.users' },
  fields: [
    { name: 'id', type: 'long' },
    { name: 'born', type: BORN },
  ],
}

const PULSE = {
  ...{ type: 'record', name: 'Heartbeat', 'connect.name': 'io.debezium.connector.common.Heartbeat' },
  fields: [{ name: 'ts_ms', type: 'long' }],
}

const PLAIN = { ...ROW, fields: [...ROW.fields.slice(0, 2), { name: '__deleted', type: ['null', 'string'] }] }

const SCHEMAS = [ENVELOPE, KEY, PULSE, PLAIN]
const [OF_ENVELOPE, OF_KEY, OF_PULSE, OF_PLAIN] = [1, 2, 3, 4] as const

/** A value behind Confluent's header. */
function message(id: number, value: object): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(id, 1)
  return Buffer.concat([header, avsc.Type.forSchema(SCHEMAS[id - 1] as avsc.Schema).toBuffer(value)])
}

async function openReading(description: object = {}) {
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    const schema = SCHEMAS[Number(url.split('/').at(-1)) - 1]
    response.statusCode = schema ? 200 : 404
    response.end(JSON.stringify(schema ? { schema: JSON.stringify(schema) } : { error_code: 40403 }))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const how = {
    name: 'debezium',
    values: 'avro',
    tombstones: 'delete',
    added: ['__op', '__lsn'],
    ...description,
  } as const
  const format = openFormat(how, { registry, environment: {} })
  const read = async (messages: readonly (Buffer | null)[], given: readonly (Buffer | undefined)[] = []) => {
    const keys = messages.map((_, i) => given[i] && textOfKey(given[i]))
    const { lines, rejected, ignored = [] } = await format.read({ ...joinValues(messages), keys })
    const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]))
    return messages.map((_, i) => {
      if (ignored.includes(i)) return 'ignored'
      return reasons.get(i) ?? JSON.parse(Buffer.from(valueAt(lines, i) ?? []).toString())
    })
  }
  return { format, read, asked }
}

const row = (id: number, more: object = {}) => {
  const flags = Buffer.from([1, 1])
  return { id, born: 1, seen: 1_700_000_000_000_001, price: Buffer.from([0xff, 0x38]), flags, any: null, ...more }
}
const change = (op: string, before: object | null, after: object | null) =>
  message(OF_ENVELOPE, { before, after, source: { lsn: 7 }, op, ts_ms: null })
const READ = { id: 300, born: '1970-01-02', seen: '2023-11-14 22:13:20.000001', price: '-2.00', flags: 257, any: null }
const ADDED = (op: string) => ({ __op: op, __lsn: 7 })

test('a change in Avro is the row, its values by Debezium’s own types and by Avro’s', async () => {
  const { read, format } = await openReading()
  expect(format).toMatchObject({ readsKeys: true, isBinary: true, marksDeletes: true })
  const any = { scale: 1, value: Buffer.from([15]) }
  const messages = [change('c', null, row(300)), change('u', row(1), row(300, { any })), change('d', row(300), null)]
  expect(await read(messages)).toEqual([
    { ...ADDED('c'), ...READ },
    { ...ADDED('u'), ...READ, any: '1.5' },
    { millrace_deleted: true, ...ADDED('d'), ...READ },
  ])
})

test('a tombstone, and a delete that says nothing of its row, find it by the key in Avro', async () => {
  const { read, asked } = await openReading()
  const keys = [300, -1, 7].map((id) => message(OF_KEY, { id, born: 2 }))
  expect(await read([null, change('d', null, null), change('c', null, row(300))], keys)).toEqual([
    { millrace_deleted: true, id: 300, born: '1970-01-03' },
    { millrace_deleted: true, id: -1, born: '1970-01-03' },
    { ...ADDED('c'), ...READ },
  ])
  expect(asked.sort()).toEqual(['/schemas/ids/1', '/schemas/ids/2'])
})

test('a key that does not say which row it is rejects its message', async () => {
  const { read } = await openReading()
  const unknown = Buffer.from([0, 0, 0, 0, 9, 2])
  const bare = change('d', null, null)
  const cut = message(OF_KEY, { id: 300, born: 2 }).subarray(0, 6)
  expect(await read([null, null, bare, null, null], [unknown, Buffer.from('7'), undefined, undefined, cut])).toEqual([
    'key: not Avro: its schema 9 is not in the registry',
    'key: not Avro: it does not begin with the id of a schema',
    'tombstone: it has no key',
    'tombstone: it has no key',
    'key: not Avro of its schema: it ends within a value',
  ])
})

test('what is no row is left out, and what is no Avro is rejected', async () => {
  const { read } = await openReading({ tombstones: 'ignore' })
  expect(
    await read([message(OF_PULSE, { ts_ms: 1 }), null, Buffer.from('{"op":"c"}'), change('x', null, null)]),
  ).toEqual([
    'ignored',
    'ignored',
    'not Avro: it does not begin with the id of a schema',
    'not Debezium: its op is none of c, r, u, d, t, m',
  ])
})

test('the plain row of ExtractNewRecordState says itself that it is deleted', async () => {
  const { read } = await openReading()
  const plain = (gone: string) => message(OF_PLAIN, { id: 1, born: 2, __deleted: gone })
  expect(await read([plain('false'), plain('true')])).toEqual([
    { id: 1, born: '1970-01-03', __deleted: 'false' },
    { millrace_deleted: true, id: 1, born: '1970-01-03', __deleted: 'true' },
  ])
})

test('without a context messages are JSON, as fixtures have them; without a registry the worker does not start', async () => {
  const { lines } = await openFormat({ name: 'debezium', values: 'avro' }).read(
    joinValues([Buffer.from('{"op":"c","source":{},"after":{"id":1}}')]),
  )
  expect(Buffer.from(lines.bytes).toString()).toBe('{"id":1}\n')
  expect(() => openFormat({ name: 'debezium', values: 'avro' }, { environment: {} })).toThrow(
    'no schema registry is configured',
  )
})

test('a tombstone behind changes of the same block leaves the rows before it as they are', async () => {
  const { read } = await openReading({ added: [] })
  const key = message(OF_KEY, { id: 123_456_789, born: 1 })
  const rows = [change('c', null, row(300)), change('c', null, row(301)), null]
  expect(await read(rows, [undefined, undefined, key])).toMatchObject([{ id: 300 }, { id: 301 }, { id: 123_456_789 }])
})
