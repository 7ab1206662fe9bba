import { textOfKey } from '@millrace/base'
import { type BlockColumns, type Format, openFormat } from '@millrace/formats'
import { checkDescription, type Dataset } from '@millrace/transform'
import { afterAll, describe, expect, it } from 'vitest'
import { block, createKit } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

const USER_KEY = {
  type: 'record',
  name: 'Key',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'tenant', type: ['null', 'string'] },
    { name: 'place', type: { type: 'record', name: 'Place', fields: [{ name: 'zip', type: 'string' }] } },
  ],
}

const datasetBy = (
  keyFormat: unknown,
  metadata: Record<string, unknown>,
  columns: Record<string, string>,
): Dataset => ({
  name: 'user',
  sql: `SELECT ${Object.keys(columns).join(', ')} FROM raw`,
  ...checkDescription(
    {
      description: 'users',
      keyFormat,
      fields: { n: { type: 'integer' } },
      metadata,
      columns: Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, { type }])),
    },
    'user',
  ),
})

const avroKeys = datasetBy(
  { name: 'avro', schemas: [USER_KEY] },
  { k: 'key', id: { from: 'key.id', type: 'long' }, tenant: 'key.tenant', place: 'key.place', none: 'key.none' },
  { n: 'integer', k: 'string', id: 'string', tenant: 'string', place: 'string', none: 'string' },
)

/** 2^62 as a long, no tenant, a zip. */
const BIG = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0, 2, 0x37])

const keyed = (...keys: (Uint8Array | undefined)[]) => ({
  ...block(...keys.map((_, i) => `{"n":${i}}`)),
  keys: keys.map((key) => key && textOfKey(key)),
})

const byNumber = (rows: readonly Record<string, unknown>[]) => rows.toSorted((a, b) => Number(a.n) - Number(b.n))

describe('a key that has a format', () => {
  it('is typed columns by its fields, and an object as a whole; a message without one has NULL', async () => {
    const { rows, report } = await kit.clean(avroKeys, [keyed(BIG, Buffer.from([2, 2, 2, 0x61, 0]), undefined)])
    expect(report.rejected).toEqual([])
    const big = String(2n ** 62n)
    expect(byNumber(rows)).toEqual([
      { n: 0, k: `{"id":${big},"place":{"zip":"7"}}`, id: big, tenant: null, place: '{"zip":"7"}', none: null },
      { n: 1, k: '{"id":1,"tenant":"a","place":{"zip":""}}', id: '1', tenant: 'a', place: '{"zip":""}', none: null },
      { n: 2, k: null, id: null, tenant: null, place: null, none: null },
    ])
  })

  it('rejects its message where it can not be read, and no other', async () => {
    const bad = Buffer.from([2, 2, 40])
    const { rows, report } = await kit.clean(avroKeys, [keyed(BIG, bad, BIG)])
    expect(byNumber(rows).map(({ n }) => n)).toEqual([0, 2])
    expect(report.rejected).toEqual([
      { block: 0, index: 1, reason: 'key: not Avro of its schema: it ends within a value' },
    ])
  })

  it('rejects its message once where the value is bad too, for what is wrong with the value', async () => {
    const messages = { ...keyed(BIG), ...block(null), keys: ['\0'] }
    const { report } = await kit.clean({ ...avroKeys, format: avroKeys.keyFormat as Dataset['format'] }, [messages])
    expect(report.rejected).toEqual([{ block: 0, index: 0, reason: 'tombstone: no value' }])
  })

  it('has the type that the data set says: another value rejects its message', async () => {
    const dataset = datasetBy('json', { id: { from: 'key.id', type: 'integer' } }, { n: 'integer', id: 'integer' })
    const { rows, report } = await kit.clean(dataset, [keyed(Buffer.from('{"id":7}'), Buffer.from('{"id":"x"}'))])
    expect(rows).toEqual([{ n: 0, id: 7 }])
    expect(report.rejected).toEqual([{ block: 0, index: 1, reason: 'wrong type in field id' }])
  })

  it.each([
    ['json', '7', '7'],
    ['json', ' "a\u0000"', undefined],
    ['json', '"a" ', 'a'],
    ['json', '[1,12345678901234567890]', '[1,12345678901234567890]'],
    ['json', '12345678901234567890', '12345678901234567890'],
    ['json', '1,"millrace:v":"forged"', undefined],
    ['json', '', undefined],
    ['json-schema', '\0\0\0\0\u0007{"value":"x"}', 'x'],
    ['json-schema', '{"value":"x"}', undefined],
    ['text', 'Straße', 'Straße'],
    ['bytes', '\0a', 'AGE='],
    [{ name: 'avro', schemas: [{ type: 'long' }] }, '\u0004', '2'],
  ])('that is no object has the field value: %j of %j', async (keyFormat, key, value) => {
    const dataset = datasetBy(keyFormat, { v: 'key.value' }, { v: 'string' })
    const { rows, report } = await kit.clean(dataset, [keyed(Buffer.from(key))])
    expect(rows).toEqual(value === undefined ? [] : [{ v: value }])
    expect(report.rejected.map(({ reason }) => reason)).toEqual(
      value === undefined ? [expect.stringMatching(/^key: /)] : [],
    )
  })
})

it('a key without a format is its text, whatever its bytes are', async () => {
  const dataset = datasetBy(undefined, { k: 'key' }, { n: 'integer', k: 'string' })
  const { rows } = await kit.clean(dataset, [keyed(Buffer.from('Straße'), Buffer.from([0x61, 0xff, 0x62]))])
  expect(byNumber(rows).map(({ k }) => k)).toEqual(['Straße', 'a\ufffdb'])
})

it.each([
  [undefined, { id: 'key.id' }, 'keyFormat: id is key.id: how are keys written?'],
  ['avro', { place: 'offset' }, 'keyFormat: metadata names nothing of the key'],
  ['debezium', { id: 'key.id' }, 'keyFormat: debezium reads the keys that it needs by itself'],
  ['none', { id: 'key.id' }, 'the formats are'],
  ['json', { id: { from: 'key.id', type: 'int' } }, 'there is no such type'],
])('refuses keys as %j with %j', (keyFormat, metadata, message) => {
  expect(() => datasetBy(keyFormat, metadata, { n: 'integer' })).toThrow(message)
})

const NUMBER = {
  name: 'avro' as const,
  framing: 'none' as const,
  schemas: [{ type: 'record', name: 'N', fields: [{ name: 'n', type: 'int' }] }],
}

it.each(['1e400', '-1e400', '1e-400', '1.50', '1E5', '{"a":1e400}'])(
  'of a key is the same beside Avro: %s',
  async (id) => {
    const dataset = datasetBy('json', { id: 'key.id' }, { n: 'integer', id: 'string' })
    const keys = [`{"id":${id}}`]
    const beside = (format: Dataset, value: string | Uint8Array) =>
      kit.clean(format, [{ ...block(value), keys } as ReturnType<typeof block>])
    const avro = { ...dataset, format: openFormat(NUMBER) }
    expect((await beside(avro, Buffer.from([2]))).rows).toEqual((await beside(dataset, '{"n":1}')).rows)
  },
)

it('a record with more than a million values is rejected whatever comes with it', async () => {
  const schema = { type: 'record', name: 'L', fields: [{ name: 'n', type: { type: 'array', items: 'int' } }] }
  const plain = datasetBy(undefined, { k: 'key' }, { n: 'string' })
  const fields = [{ name: 'n', type: 'text', aliases: [], shapes: [] }] as const
  const dataset = { ...plain, fields, format: openFormat({ name: 'avro', framing: 'none', schemas: [schema] }) }
  // Blocks of 2^20 + 1 items of one byte and of one item.
  const large = Buffer.concat([Buffer.from([0x82, 0x80, 0x80, 0x01]), Buffer.alloc((1 << 20) + 1, 2), Buffer.from([0])])
  const { rows, report } = await kit.clean(dataset, [block(large, Buffer.from([2, 2, 0]))])
  expect(rows).toEqual([{ n: '[1]' }])
  expect(report.rejected).toEqual([{ block: 0, index: 0, reason: expect.stringMatching(/^too large/) }])
})

it('the memory of the keys is given back when they are read', async () => {
  const own = openFormat({ name: 'avro', framing: 'none', schemas: [USER_KEY] })
  const read: (BlockColumns | undefined)[] = []
  const keyFormat: Format = {
    ...own,
    async read(messages) {
      const result = await own.read(messages)
      read.push(result.columns)
      return result
    },
  }
  const { rows } = await kit.clean({ ...avroKeys, keyFormat }, [keyed(BIG, BIG)])
  expect(rows.length).toBe(2)
  expect(read.map((columns) => columns?.isReleased())).toEqual([true])
})
