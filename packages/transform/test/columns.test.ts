import { joinValues } from '@millrace/base'
import { type Format, openFormat, type RawMessages } from '@millrace/formats'
import { checkDescription, type Dataset } from '@millrace/transform'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { createKit, inOrder } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

const FIELDS = {
  word: 'string',
  maybe: ['null', 'string'],
  i: 'int',
  l: 'long',
  d: 'double',
  f: 'float',
  b: 'boolean',
  day: { type: 'int', logicalType: 'date' },
  moment: { type: 'long', logicalType: 'timestamp-micros' },
  price: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 3 },
  raw: 'bytes',
  either: ['null', 'int', 'string', 'double'],
  list: { type: 'array', items: ['null', 'double', 'string'] },
  nested: { type: 'record', name: 'Inner', fields: [{ name: 'word', type: 'string' }] },
} as const
const SCHEMA = { type: 'record', name: 'R', fields: Object.entries(FIELDS).map(([name, type]) => ({ name, type })) }
const avro = openFormat({ name: 'avro', framing: 'none', schemas: [SCHEMA] })

/** The same format, of which the cleaner knows the lines alone. */
function withoutColumns(format: Format): Format {
  return {
    ...format,
    async read(messages) {
      const { columns: _, ...read } = await format.read(messages)
      return read
    },
  }
}

function dataset(fields: Readonly<Record<string, string>>, more: object = {}, format = avro): Dataset {
  const names = Object.keys(fields)
  return {
    name: 'record',
    sql: `SELECT ${names.map((name) => `CAST(${name} AS VARCHAR) AS ${name}`).join(', ')} FROM raw`,
    ...checkDescription(
      {
        description: 'records',
        fields: Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, { type }])),
        columns: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
        ...more,
      },
      'record',
    ),
    format,
  }
}

/** Cleans the blocks as columns and as lines, of which the same must come; returns that. */
async function both(described: Dataset, blocks: readonly RawMessages[]) {
  const lines = { ...described, format: withoutColumns(described.format) }
  const [asColumns, asLines] = [await kit.clean(described, blocks), await kit.clean(lines, blocks)]
  expect(inOrder(asColumns.rows)).toEqual(inOrder(asLines.rows))
  const { path: _, unknown, ...report } = asLines.report
  expect(asColumns.report).toMatchObject(report)
  // Of many lines some are looked at.
  if (unknown.looked === report.rows) expect(asColumns.report.unknown).toEqual(unknown)
  return asColumns
}

const long = (value: bigint) => {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}
const bytes = (value: Uint8Array) => Buffer.concat([long(BigInt(value.length)), value])
const text = (value: string) => bytes(Buffer.from(value))
const double = (value: number) => {
  const buffer = Buffer.alloc(8)
  buffer.writeDoubleLE(value)
  return buffer
}
const float = (value: number) => {
  const buffer = Buffer.alloc(4)
  buffer.writeFloatLE(value)
  return buffer
}
const branch = (index: number, value = Buffer.alloc(0)) => Buffer.concat([long(BigInt(index)), value])

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\u0000',
    'a\u0000b',
    '"\\\n',
    'null',
    '12',
    '-0',
    '1.50',
    'true',
    '2026-01-31 12:00:00',
    'é€😀',
    'x'.repeat(300),
  ),
)
const anyDouble = fc.oneof(
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    1e21,
    1.2e20,
    1e19,
    -1e19,
    -(2 ** 63),
    2 ** 64,
    1e-7,
    1e16,
    0.00001,
    123456.75,
    5,
    Number.MAX_VALUE,
    5e-324,
    0.1,
    Number.NaN,
  ),
)
const anyLong = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n }))
const anyRecord = fc
  .record({
    word: anyText.map(text),
    maybe: fc.option(anyText).map((value) => (value === null ? branch(0) : branch(1, text(value)))),
    i: fc.integer().map((value) => long(BigInt(value))),
    l: anyLong.map(long),
    d: anyDouble.map(double),
    f: anyDouble.map(float),
    b: fc.boolean().map((value) => Buffer.from([Number(value)])),
    day: fc.integer({ min: -700_000, max: 2_900_000 }).map((value) => long(BigInt(value))),
    moment: fc.bigInt({ min: -(2n ** 55n), max: 2n ** 57n }).map(long),
    price: fc.uint8Array({ maxLength: 9 }).map(bytes),
    raw: fc.uint8Array({ maxLength: 9 }).map(bytes),
    either: fc.oneof(
      fc.constant(branch(0)),
      anyLong.filter((value) => value === BigInt.asIntN(32, value)).map((value) => branch(1, long(value))),
      anyText.map((value) => branch(2, text(value))),
      anyDouble.map((value) => branch(3, double(value))),
    ),
    list: fc
      .array(
        fc.oneof(
          fc.constant(branch(0)),
          anyDouble.map((value) => branch(1, double(value))),
        ),
        { maxLength: 3 },
      )
      .map((items) => Buffer.concat([long(BigInt(items.length)), ...items, ...(items.length > 0 ? [long(0n)] : [])])),
    nested: anyText.map(text),
  })
  .map((values) => Buffer.concat(Object.keys(FIELDS).map((name) => values[name as keyof typeof values])))

const AS_TEXT = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, 'text']))

test('any record is the same row as columns and as lines, in one statement', async () => {
  const property = fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 40 }), async (records) => {
    const { report } = await both(dataset(AS_TEXT), [joinValues(records)])
    expect(report).toMatchObject({ rows: records.length, path: 'fast' })
  })
  await fc.assert(property, { numRuns: 15, endOnFailure: true })
})

test('values that repeat, and texts of all lengths, are the same as columns and as lines', async () => {
  const sizes = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 300, 40_000]
  const fields = {
    few: (row: number) => [null, '', 'é', 'ß'.repeat(32), 'x'.repeat(63), 'x'.repeat(64)][row % 6] as string | null,
    many: (row: number) => (row % 5 === 0 ? null : `value ${row % 401}`),
    nth: (row: number) => `${row}`,
    sizes: (row: number) => (row % 97 === 0 ? '€' : 'a').repeat((sizes[row % (row < 1200 ? 9 : 12)] as number) / 2),
    rare: (row: number) => (row === 1800 ? 'here' : null),
  }
  const names = Object.keys(fields)
  const schema = { type: 'record', name: 'R', fields: names.map((name) => ({ name, type: ['null', 'string'] })) }
  const format = openFormat({ name: 'avro', framing: 'none', schemas: [schema] })
  const messages = Array.from({ length: 3000 }, (_, row) =>
    Buffer.concat(
      Object.values(fields).map((textOf) => {
        const value = textOf(row)
        return value === null ? branch(0) : branch(1, text(value))
      }),
    ),
  )
  const described = dataset(Object.fromEntries(names.map((name) => [name, 'text'])), {}, format)
  const { report, rows } = await both(described, [joinValues(messages), joinValues(messages.slice(0, 257))])
  expect(report).toMatchObject({ rows: 3257, path: 'fast' })
  expect(rows.find(({ nth }) => nth === '1800')).toMatchObject({ few: null, rare: 'here' })
})

test.each([
  { i: 'integer', l: 'long', b: 'boolean' },
  { l: 'integer', d: 'double', f: 'double' },
  { d: 'decimal(20,3)', price: 'decimal(20,3)', i: 'decimal(12,2)', either: 'decimal(30,5)' },
  { day: 'date', moment: 'timestamp', word: 'timestamp' },
  { either: 'long', maybe: 'boolean' },
  { either: 'double', list: 'text', nested: 'text', nowhere: 'integer' },
])('values of other types are taken and refused as those of lines are: %j', async (fields) => {
  const property = fc.asyncProperty(fc.array(anyRecord, { minLength: 9, maxLength: 30 }), async (records) => {
    await both(dataset(fields), [joinValues(records)])
    await both(dataset(fields), [joinValues(records.slice(0, 1))])
  })
  await fc.assert(property, { numRuns: 2, endOnFailure: true })
})

const PROTO = `syntax = "proto3"; enum K { NO = 0; YES = 1; }
  message M { string s = 1; int32 i = 2; double d = 3; K k = 4; repeated K l = 5; bool b = 6; bytes raw = 7; optional string o = 8; uint64 u = 9; M m = 10; }`
const protobuf = openFormat({ name: 'protobuf', message: 'M', schemas: [{ name: 'm.proto', text: PROTO }] })
const delimited = (value: Uint8Array) => Buffer.concat([Buffer.from([value.length]), value])
const tagged = (tag: number) => (value: Uint8Array) => Buffer.concat([Buffer.from([tag]), value])
const anyMessage = fc
  .array(
    fc.oneof(
      anyText
        .filter((value) => Buffer.byteLength(value) < 128)
        .map((value) => tagged(10)(delimited(Buffer.from(value)))),
      anyText
        .filter((value) => Buffer.byteLength(value) < 128)
        .map((value) => tagged(66)(delimited(Buffer.from(value)))),
      fc.nat({ max: 127 }).map((value) => Buffer.from([16, value])),
      anyDouble.map((value) => tagged(25)(double(value))),
      fc.nat({ max: 3 }).map((value) => Buffer.from([32, value])),
      fc.nat({ max: 3 }).map((value) => Buffer.from([40, value])),
      fc.nat({ max: 1 }).map((value) => Buffer.from([48, value])),
      fc.uint8Array({ maxLength: 9 }).map((value) => tagged(58)(delimited(value))),
      fc.constant(Buffer.from('48ffffffffffffffffff01', 'hex')),
      fc.constant(Buffer.from('52020a00', 'hex')),
      fc.uint8Array({ maxLength: 3 }).map((value) => Buffer.from(value)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts))

test('messages of Protobuf too, those that are none among them, with what is known beside their values', async () => {
  const fields = {
    s: 'text',
    i: 'integer',
    k: 'text',
    l: 'text',
    d: 'double',
    b: 'boolean',
    raw: 'text',
    u: 'decimal(20,0)',
  }
  const described = {
    ...dataset(
      fields,
      {
        metadata: { message_key: 'key', moment: 'timestamp', place: 'offset' },
        expectations: {
          small: { predicate: 'length(k) < 4', otherwise: 'drop' },
          odd: { predicate: "i <> '2'", otherwise: 'quarantine' },
        },
      },
      protobuf,
    ),
    sql: `SELECT ${Object.keys(fields)
      .map(
        (name) =>
          `CAST(${name === 's' ? "concat_ws(' ', s, message_key, moment, place)" : name} AS VARCHAR) AS ${name}`,
      )
      .join(', ')} FROM raw`,
  }
  const property = fc.asyncProperty(fc.array(anyMessage, { minLength: 2, maxLength: 40 }), async (messages) => {
    const block = (part: readonly Uint8Array[]): RawMessages => ({
      ...joinValues([...part, null]),
      keys: [...part.map((_, i) => (i % 3 === 0 ? undefined : `"key" ${i}`)), undefined],
      times: Float64Array.from([...part, 0], (_, i) => 1e12 + i),
      offsets: BigInt64Array.from([...part, 0], (_, i) => BigInt(i)),
    })
    await both(described, [block(messages.slice(1)), block(messages.slice(0, 1))])
  })
  await fc.assert(property, { numRuns: 8, endOnFailure: true })
})

test('the columns of a file are those of the data set, and fields that it does not know are counted', async () => {
  const [record] = fc.sample(anyRecord, { numRuns: 1, seed: 7 })
  const { report } = await both(dataset({ i: 'integer', b: 'text' }), [
    joinValues(Array.from({ length: 9 }, () => record as Buffer)),
  ])
  expect(report.unknown.looked).toBe(9)
  expect(report.unknown.names.get('word')).toBe(9)
  expect(report.unknown.names.has('b')).toBe(false)
})
