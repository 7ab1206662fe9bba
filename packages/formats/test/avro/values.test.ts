import { joinValues, valueAt } from '@millrace/base'
import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openFormat } from '../../src/index.ts'
import { TREE } from './tree.ts'

const formatOf = (schema: unknown) => openFormat({ name: 'avro', framing: 'none', schemas: [schema] })

/** What becomes of messages: their records, or the reasons. */
async function read(schema: unknown, messages: readonly (Uint8Array | null)[]) {
  const { lines, rejected } = await formatOf(schema).read(joinValues(messages))
  const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]))
  return messages.map((_, i) => reasons.get(i) ?? JSON.parse(Buffer.from(valueAt(lines, i) ?? []).toString()))
}

const field = (type: unknown) => ({ type: 'record', name: 'R', fields: [{ name: 'f', type }] })
const logical = (type: string, logicalType: string, rest: object = {}) => field({ type, logicalType, ...rest })
const fixed = (size: number, logicalType: string, rest: object = {}) =>
  field({ type: 'fixed', name: 'F', size, logicalType, ...rest })

/** A number as Avro writes it. */
function zigzag(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

const withLength = (bytes: Buffer) => Buffer.concat([zigzag(BigInt(bytes.length)), bytes])

describe('values of Avro', () => {
  test('as the specification writes its example', async () => {
    const schema = {
      type: 'record',
      name: 'test',
      fields: [
        { name: 'a', type: 'long' },
        { name: 'b', type: 'string' },
      ],
    }
    expect(await read(schema, [Buffer.from('3606666f6f', 'hex')])).toEqual([{ a: 27, b: 'foo' }])
  })

  test('whole numbers digit for digit, up to 64 bits', async () => {
    const format = formatOf(field('long'))
    const numbers = [0n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)]
    const random = fc.sample(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), 500)
    const all = [...numbers, ...random]
    const { lines } = await format.read(joinValues(all.map(zigzag)))
    expect(all.map((_, i) => Buffer.from(valueAt(lines, i) ?? []).toString())).toEqual(all.map((n) => `{"f":${n}}`))
  })

  test.each([
    ['a date', logical('int', 'date'), zigzag(11_016n), '2000-02-29'],
    ['a date before 1970', logical('int', 'date'), zigzag(-719_162n), '0001-01-01'],
    ['a time of day in milliseconds', logical('int', 'time-millis'), zigzag(86_399_999n), '23:59:59.999'],
    ['a time of day in microseconds', logical('long', 'time-micros'), zigzag(1n), '00:00:00.000001'],
    ['a moment in milliseconds', logical('long', 'timestamp-millis'), zigzag(-1n), '1969-12-31 23:59:59.999'],
    ['a moment without a fraction', logical('long', 'timestamp-millis'), zigzag(0n), '1970-01-01 00:00:00'],
    [
      'a moment in microseconds',
      logical('long', 'timestamp-micros'),
      zigzag(1_769_860_800_123_456n),
      '2026-01-31 12:00:00.123456',
    ],
    [
      'the last moment',
      logical('long', 'timestamp-micros'),
      zigzag(253_402_300_799_999_999n),
      '9999-12-31 23:59:59.999999',
    ],
    ['a moment in nanoseconds', logical('long', 'timestamp-nanos'), zigzag(1n), '1970-01-01 00:00:00.000000001'],
    ['a local moment', logical('long', 'local-timestamp-millis'), zigzag(1_000n), '1970-01-01 00:00:01'],
    [
      'a decimal',
      logical('bytes', 'decimal', { precision: 5, scale: 2 }),
      withLength(Buffer.from('ff85', 'hex')),
      '-1.23',
    ],
    [
      'a decimal below one',
      logical('bytes', 'decimal', { precision: 9, scale: 4 }),
      withLength(Buffer.from('05', 'hex')),
      '0.0005',
    ],
    [
      'a large decimal',
      fixed(16, 'decimal', { precision: 38, scale: 1 }),
      Buffer.from('80000000000000000000000000000000', 'hex'),
      '-17014118346046923173168730371588410572.8',
    ],
    [
      'a decimal that brings its scale',
      logical('bytes', 'big-decimal'),
      withLength(Buffer.from('027b04', 'hex')),
      '1.23',
    ],
    [
      'a uuid of 16 bytes',
      fixed(16, 'uuid'),
      Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
      '00112233-4455-6677-8899-aabbccddeeff',
    ],
    ['a duration', fixed(12, 'duration'), Buffer.from('0100000002000000dc050000', 'hex'), 'P1M2DT1.5S'],
    ['bytes', field('bytes'), withLength(Buffer.from([0, 255])), 'AP8='],
    ['a logical type that nobody knows', logical('string', 'shoe-size'), withLength(Buffer.from('42')), '42'],
    ['a logical type that does not fit', logical('string', 'date'), withLength(Buffer.from('x')), 'x'],
    ['what is no number', field('double'), Buffer.from('000000000000f87f', 'hex'), 'NaN'],
  ])('%s', async (_, schema, message, value) => {
    expect(await read(schema, [message])).toEqual([{ f: value }])
  })

  test('a value that is no record is the field value; a field that is null is left out at the top alone', async () => {
    expect(await read('string', [withLength(Buffer.from('x'))])).toEqual([{ value: 'x' }])
    const schema = field(
      ['null', field(['null', 'int'])].map((type, i) => (i ? { ...(type as object), name: 'In' } : type)),
    )
    expect(await read(schema, [Buffer.from([0]), Buffer.from([2, 0])])).toEqual([{}, { f: { f: null } }])
  })
})

describe('records that another writer made at random', () => {
  const type = avsc.Type.forSchema(TREE as avsc.Schema)
  // A float is what its bytes hold.
  const values = Array.from({ length: 300 }, () => type.fromBuffer(type.toBuffer(type.random())))

  test('are read as it wrote them', async () => {
    expect(
      await read(
        TREE,
        values.map((value) => type.toBuffer(value)),
      ),
    ).toEqual(values.map((value) => plain(value, true)))
  })

  test('and then changed in any bytes, are records or rejected with a reason: no error, and no more than their size allows', async () => {
    const messages = values.map((value) => type.toBuffer(value)).filter(({ length }) => length < 4000)
    const format = formatOf(TREE)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(messages.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
        async (at, changes) => {
          const message = Buffer.from(messages[at] as Buffer)
          for (const [place, byte] of changes) if (message.length > 0) message[place % message.length] = byte
          const { lines, rejected } = await format.read(joinValues([message]))
          expect(lines.bytes.length).toBeLessThan(100 * message.length + 1000)
          const line = valueAt(lines, 0)
          if (line) expect(JSON.parse(Buffer.from(line).toString())).toBeTypeOf('object')
          else expect(rejected[0]?.reason).toMatch(/^not Avro of its schema: /)
        },
      ),
      { numRuns: 3000 },
    )
  })
})

/** A value of avsc as our JSON has it: without nulls at the top, bytes as base64, floats that JSON lacks as text. */
function plain(value: unknown, isTop = false): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (Array.isArray(value)) return value.map((item) => plain(item))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, inner]) => !isTop || inner !== null)
  return Object.fromEntries(kept.map(([name, inner]) => [name, plain(inner)]))
}

describe('messages that are not of the schema', () => {
  test.each([
    ['ends early', field('string'), '0a41', 'it ends within a value'],
    ['has something behind', field('int'), '0200', '1 bytes are left over'],
    ['has a length below zero', field('string'), '01', 'a length is negative'],
    ['has an int of 33 bits', field('int'), '8080808020', 'an int has more than 32 bits'],
    ['has a number that does not end', field('long'), 'ffffffffffffffffffffff01', 'a number has more than 64 bits'],
    ['has no such branch', field(['null', 'int']), '04', 'a union has no such branch'],
    ['has no such symbol', field({ type: 'enum', name: 'E', symbols: ['A'] }), '02', 'an enum has no such symbol'],
    ['has a boolean of 2', field('boolean'), '02', 'a boolean is neither 0 nor 1'],
    [
      'has a billion items of no bytes',
      field({ type: 'array', items: 'null' }),
      '80a8d6b90700',
      'it has more items than bytes',
    ],
    ['has a text that is not UTF-8', field('string'), '02ff', 'a text is not UTF-8'],
    [
      'has a day of no year that is written',
      logical('int', 'date'),
      'feffffff0f',
      'a time is not within the years 1 to 9999',
    ],
  ])('one that %s', async (_, schema, hex, reason) => {
    const [outcome] = await read(schema, [Buffer.from(hex, 'hex')])
    expect(outcome).toContain(reason)
  })

  test('one that is nested without end', async () => {
    const list = { type: 'record', name: 'List', fields: [{ name: 'next', type: ['null', 'List'] }] }
    const [deep, shallow] = await read(list, [Buffer.alloc(100_000, 2), Buffer.from([2, 2, 0])])
    expect(deep).toContain('it is nested deeper than 200 records')
    expect(shallow).toEqual({ next: { next: { next: null } } })
  })

  test('do no harm to others: a text that is not UTF-8 in one of three', async () => {
    const [first, second, third] = await read(field('string'), [
      Buffer.from('0241', 'hex'),
      Buffer.from('02ff', 'hex'),
      Buffer.from('0242', 'hex'),
    ])
    expect([first, third]).toEqual([{ f: 'A' }, { f: 'B' }])
    expect(second).toContain('UTF-8')
  })
})
