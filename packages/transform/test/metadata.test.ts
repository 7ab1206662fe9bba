import { openFormat, type RawMessages } from '@millrace/formats'
import { checkDescription, type Dataset } from '@millrace/transform'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { block, createKit, oneByOne } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

const COLUMNS = ['n', 'key', 'trace', 'headers', 'moment', 'topic', 'part', 'place'] as const

const dataset: Dataset = {
  name: 'event',
  sql: 'SELECT n, message_key AS key, trace, headers, moment, topic, part, place FROM raw',
  ...checkDescription(
    {
      description: 'events',
      fields: { n: { type: 'integer' } },
      metadata: {
        message_key: 'key',
        trace: 'header:trace "id"',
        headers: 'headers',
        moment: 'timestamp',
        topic: 'topic',
        part: 'partition',
        place: 'offset',
      },
      columns: Object.fromEntries(
        COLUMNS.map((name) => [name, { type: name === 'n' ? 'integer' : name === 'moment' ? 'timestamp' : 'string' }]),
      ),
    },
    'event',
  ),
}

/** The same without a word of it. */
const PLAIN: Dataset = {
  ...dataset,
  metadata: [],
  sql: `SELECT n, ${COLUMNS.slice(1)
    .map((name) => `NULL AS ${name}`)
    .join(', ')} FROM raw`,
}

/** Messages as a source hands them over. */
function messages(values: readonly (string | null)[], besides: Partial<RawMessages> = {}): RawMessages {
  return {
    ...block(...values),
    keys: values.map((_, i) => (i === 1 ? undefined : `key ${i}`)),
    headers: values.map((_, i) => (i === 1 ? undefined : JSON.stringify({ 'trace "id"': `t${i}`, other: null }))),
    times: Float64Array.from(values, (_, i) => Date.UTC(2026, 0, 31, 12, 0, i, 250)),
    offsets: BigInt64Array.from(values, (_, i) => 2n ** 60n + BigInt(i)),
    partition: { topic: 'shop.events', id: '3' },
    ...besides,
  }
}

const row = (n: number, i: number) => ({
  n,
  key: i === 1 ? null : `key ${i}`,
  trace: i === 1 ? null : `t${i}`,
  headers: i === 1 ? null : JSON.stringify({ 'trace "id"': `t${i}`, other: null }),
  moment: expect.stringContaining(`2026-01-31 12:00:0${i}.25`),
  topic: 'shop.events',
  part: '3',
  place: String(2n ** 60n + BigInt(i)),
})

/** Rows come in any order. */
const byPlace = (rows: readonly Record<string, unknown>[]) =>
  rows.toSorted((a, b) => String(a.place).localeCompare(String(b.place)))

it('clean.sql gets of each message what the data set names, in one statement', async () => {
  const { rows, report } = await kit.clean(dataset, [messages(['{"n":1}', '{}', '{"n":3}'])])
  expect(report.path).toBe('fast')
  expect(byPlace(rows)).toEqual([row(1, 0), { ...row(0, 1), n: null }, row(3, 2)])
})

it('also where messages are read one by one, and those that are no objects are rejected as they came', async () => {
  const values = ['\n {"n":1}', null, ' { } ', '[]', '{"n":', '{,}', '{"n":"x"}', '{"n":8}']
  const { rows, report } = await kit.clean(dataset, [messages(values)])
  expect(rows.map(({ n, place }) => [n, place])).toEqual(
    expect.arrayContaining([1, null, 8].map((n, at) => [n, String(2n ** 60n + BigInt([0, 2, 7][at] ?? 0))])),
  )
  expect(report.rejected.map(({ index, reason }) => [index, reason])).toEqual([
    [1, expect.stringMatching(/null|tombstone/)],
    [3, expect.stringContaining('a list')],
    [4, 'not JSON'],
    [5, 'not JSON'],
    [6, 'wrong type in field n'],
  ])
})

it('is NULL where the source says nothing of it', async () => {
  const { rows } = await kit.clean(dataset, [block('{"n":1}')])
  expect(rows).toEqual([Object.fromEntries(COLUMNS.map((name) => [name, name === 'n' ? 1 : null]))])
})

it('a message can not say of itself what only the source knows', async () => {
  const forged = '{"n":1,"millrace:message_key":"forged"}'
  for (const value of [messages([forged]), block(forged)]) {
    const { rows, report } = await kit.clean(dataset, [value])
    expect(rows).toEqual([])
    expect(report.rejected).toMatchObject([{ reason: expect.stringContaining('comes twice') }])
  }
  const { rows } = await kit.clean(dataset, [messages(['{"n":1,"message_key":"a field that nobody asked for"}'])])
  expect(rows).toEqual([row(1, 0)])
})

it('a message is taken or rejected as without it, whatever its bytes and its key are', async () => {
  const piece = fc.constantFrom('{', '}', '"n"', ':', ',', '1', ' ', '\n', '\t', '[', ']', '"x"', '\u00a0')
  const value = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((parts) => parts.join('')),
    fc.integer().map((n) => `{"n":${n}}`),
  )
  const key = fc.option(fc.string({ unit: 'binary' }), { nil: undefined })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, key), { minLength: 1, maxLength: 20 }), async (records) => {
      const values = records.map(([text]) => text)
      const given = messages(values, { keys: records.map(([, key]) => key) })
      const expected = await kit.clean(PLAIN, [block(...values)])
      const found = await kit.clean(dataset, [given])
      expect(found.report.rejected).toEqual(expected.report.rejected)
      const single = await kit.clean(dataset, [{ ...given, ...oneByOne(block(...values)) }])
      expect(single.report.rejected.map(({ index }) => index)).toEqual(found.report.rejected.map(({ index }) => index))
      const bad = new Set(found.report.rejected.map(({ index }) => index))
      const keys = records.flatMap(([, key], i) => (bad.has(i) ? [] : [key?.toWellFormed() ?? null]))
      expect(found.rows.map(({ key }) => key).sort()).toEqual(keys.sort())
    }),
    { numRuns: 15 },
  )
})

it('no line is written anew for a data set that names nothing', async () => {
  const raw = messages(['{"n":1}'])
  const never = new Proxy(raw, {
    get(target, name, receiver) {
      if (['keys', 'headers', 'times', 'offsets', 'partition'].includes(String(name)))
        throw new Error(`asked for ${String(name)}`)
      return Reflect.get(target, name, receiver)
    },
  })
  expect((await kit.clean(PLAIN, [never])).rows).toHaveLength(1)
  await expect(kit.clean(dataset, [never])).rejects.toThrow('asked for')
})

it.each([
  [{ x: 'offsets' }, /a message has key, headers, timestamp/],
  [{ x: 'header:' }, /a message has key/],
  [{ N: 'key' }, /differ in nothing but upper and lower case/],
])('refuses %j by name', (metadata, message) => {
  const description = { description: '', fields: { n: { type: 'integer' } }, columns: { n: { type: 'integer' } } }
  expect(() => checkDescription({ ...description, metadata }, 'event')).toThrow(message)
})

it('a data set may name the schema of a message; other formats have none', async () => {
  const schemed: Dataset = {
    ...dataset,
    metadata: [{ name: 'schema_id', from: 'schema', type: 'text' }],
    schema: { type: 'struct', fields: [{ name: 'schema_id', type: 'string', nullable: true, metadata: {} }] },
    sql: 'SELECT schema_id FROM raw',
  }
  const registry = 'http://127.0.0.1:9'
  const format = openFormat('json-schema', { registry, environment: {} })
  const header = Buffer.from([0, 0, 0, 0, 7])
  const { rows } = await kit.clean({ ...schemed, format }, [block(Buffer.concat([header, Buffer.from('{"n":1}')]))])
  expect(rows).toEqual([{ schema_id: '7' }])
  expect((await kit.clean(schemed, [block('{"n":1}')])).rows).toEqual([{ schema_id: null }])
})
