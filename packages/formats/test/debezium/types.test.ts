import type { MillraceError } from '@millrace/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wktOf } from '../../src/debezium/wkt.ts'
import { openFormat } from '../../src/index.ts'
import { envelope, json, read, withSchema } from './messages.ts'

const TIME = 'io.debezium.time.'
const DATA = 'io.debezium.data.'
const CONNECT = 'org.apache.kafka.connect.data.'
const POINT = 'AQEAAAAAAAAAAADwPwAAAAAAAABA'

/** A type's full name, its short one, a value as Debezium sends it and as the cleaner reads it. */
const VALUES: readonly (readonly [string, string, unknown, string])[] = [
  [`${TIME}Date`, 'Date', 19_000, '2022-01-08'],
  [`${TIME}Date`, 'Date', -1, '1969-12-31'],
  [`${CONNECT}Date`, 'Date', 0, '1970-01-01'],
  [`${TIME}Timestamp`, 'Timestamp', 1_641_600_000_123, '2022-01-08 00:00:00.123'],
  [`${CONNECT}Timestamp`, 'Timestamp', -1, '1969-12-31 23:59:59.999'],
  [`${TIME}MicroTimestamp`, 'MicroTimestamp', 1_641_600_000_000_001, '2022-01-08 00:00:00.000001'],
  [`${TIME}NanoTimestamp`, 'NanoTimestamp', 1_000_000_001, '1970-01-01 00:00:01.000000001'],
  [`${TIME}Time`, 'Time', 3_723_004, '01:02:03.004'],
  [`${TIME}MicroTime`, 'MicroTime', -3_020_399_000_000, '-838:59:59'],
  [`${TIME}MicroTime`, 'MicroTime', 90_061_500_000, '25:01:01.5'],
  [`${TIME}NanoTime`, 'NanoTime', 1, '00:00:00.000000001'],
  [`${TIME}IsoDate`, 'IsoDate', '2022-01-08Z', '2022-01-08'],
  [`${TIME}IsoTime`, 'IsoTime', '01:02:03Z', '01:02:03'],
  [`${TIME}Interval`, 'Interval', 'P1Y2M-3DT4H5M6.7S', '1 year 2 mons -3 days +04:05:06.7'],
  [`${TIME}Interval`, 'Interval', 'P0Y0M0DT0H0M0S', '00:00:00'],
  [`${TIME}Interval`, 'Interval', 'P-2Y1M1DT0H0M-0.500S', '-2 years +1 mon 1 day -00:00:00.5'],
  [`${TIME}ZonedTimestamp`, '', '2022-01-08T01:02:03.5Z', '2022-01-08T01:02:03.5Z'],
  [`${DATA}Json`, '', '{"a":[1]}', '{"a":[1]}'],
  [`${DATA}Enum`, '', 'small', 'small'],
  [`${DATA}Bits`, 'Bits', 'BQE=', '261'],
  [`${DATA}VariableScaleDecimal`, 'VariableScaleDecimal', { scale: 3, value: 'AeJA' }, '123.456'],
  [`${DATA}VariableScaleDecimal`, 'VariableScaleDecimal', { scale: -2, value: '9A==' }, '-1200'],
  [`${DATA}geometry.Geometry`, 'Geometry', { wkb: POINT, srid: 4326 }, 'POINT(1 2)'],
  [`${DATA}geometry.Point`, 'Point', { x: 1, y: 2, wkb: POINT, srid: null }, 'POINT(1 2)'],
]

describe('values of the types of Debezium', () => {
  test.each(VALUES)('%s, %s: %j is read as %s', async (name, short, value, wanted) => {
    const change = envelope('c', null, { v: value, w: null })
    const columns = ['v', 'w'].map((field) => ({ type: 'any', optional: true, name, field }))
    const bySchema = await read(openFormat('debezium'), [json(withSchema(columns, change))])
    expect(bySchema.map(({ v, w }) => [String(v), w])).toEqual([[wanted, null]])
    if (short === '') return
    const format = openFormat({ name: 'debezium', types: { v: short, w: short } })
    expect((await read(format, [json(change)])).map(({ v, w }) => [String(v), w])).toEqual([[wanted, null]])
  })

  test('lists hold values of these types', async () => {
    const items = { type: 'bytes', name: `${CONNECT}Decimal`, parameters: { scale: '2' } }
    const columns = [
      { type: 'array', items, field: 'v' },
      { type: 'array', items: { type: 'int32', name: `${TIME}Date` }, field: 'w' },
      { type: 'array', items: { type: 'string' }, field: 'x' },
    ]
    const change = envelope('c', null, { v: ['BOI=', null, 'ew=='], w: [], x: ['a,]'] })
    const wanted = [{ v: ['12.50', null, '1.23'], w: [], x: ['a,]'] }]
    expect(await read(openFormat('debezium'), [json(withSchema(columns, change))])).toMatchObject(wanted)
    const format = openFormat({ name: 'debezium', types: { v: 'Decimal(2)[]', w: 'Date[]' } })
    expect(await read(format, [json(change)])).toMatchObject(wanted)
  })

  test('a decimal has the scale of its schema, or the one that the data set says', async () => {
    const columns = [{ type: 'bytes', name: `${CONNECT}Decimal`, parameters: { scale: '2' }, field: 'v' }]
    const message = (value: bigint) => {
      const hex = BigInt.asUintN(128, value).toString(16).padStart(32, '0')
      return envelope('c', null, { v: Buffer.from(hex, 'hex').toString('base64') })
    }
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }), async (value) => {
        const digits = String(value < 0n ? -value : value).padStart(3, '0')
        const wanted = `${value < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
        const change = message(value)
        const format = openFormat({ name: 'debezium', types: { v: 'Decimal(2)' } })
        const both = await read(format, [json(withSchema(columns, change)), json(change)])
        expect(both).toEqual([{ v: wanted }, { v: wanted }])
      }),
      { numRuns: 50 },
    )
  })

  test('are the message’s fault where they are not of their type', async () => {
    const format = openFormat({ name: 'debezium', types: { v: 'Decimal(2)' } })
    expect(await read(format, [json({ v: 1 }), json({ v: '?' })])).toEqual([
      'not Debezium: column v: no base64',
      'not Debezium: column v: no base64',
    ])
  })

  test('are lists only where commas are between the values, and nothing else', async () => {
    const format = openFormat({ name: 'debezium', types: { v: 'Date[]' } })
    const good = ['[]', '[ ]', '[ 1 ,null , 2 ]', '[1]']
    const bad = ['[1 2]', '[1,]', '[,1]', '[,]', '[1,,2]', '[1}', '[[1]', '{}', '[1 ,2 null]', '[1"a"]']
    const texts = [...good, ...bad].map((list) => Buffer.from(`{"before":null,"after":{"v":${list}},"op":"c"}`))
    const found = await read(format, texts)
    const days = (...values: (string | null)[]) => ({ v: values })
    expect(found.slice(0, good.length)).toMatchObject([
      ...[days(), days()],
      ...[days('1970-01-02', null, '1970-01-03'), days('1970-01-02')],
    ])
    expect(found.slice(good.length)).toEqual(bad.map(() => expect.stringMatching(/^not (Debezium|JSON)/) as string))
  })

  test('have names: an unknown one is refused when the data set is loaded', () => {
    const open = () => openFormat({ name: 'debezium', types: { v: 'Datum' } })
    expect(open).toThrow(expect.objectContaining({ code: 'DATASET_INVALID' }) as MillraceError)
  })

  test('follow the schema part when a table is altered between two messages', async () => {
    const change = envelope('u', null, { v: 1 })
    const as = (name: string) => json(withSchema([{ type: 'int64', name: `${TIME}${name}`, field: 'v' }], change))
    const names = ['Date', 'MicroTimestamp', 'Date']
    expect((await read(openFormat('debezium'), names.map(as))).map(({ v }) => v)).toEqual([
      ...['1970-01-02', '1970-01-01 00:00:00.000001', '1970-01-02'],
    ])
  })
})

describe('a geometry', () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
  test.each([
    ['01 02000000 02000000 000000000000F03F 0000000000000040 0000000000000840 0000000000001040', 'LINESTRING(1 2,3 4)'],
    ['01 04000000 01000000 01 01000000 000000000000F03F 0000000000000040', 'MULTIPOINT((1 2))'],
    ['01 07000000 00000000', 'GEOMETRYCOLLECTION EMPTY'],
    ['00 80000001 3FF0000000000000 4000000000000000 4008000000000000', 'POINT Z (1 2 3)'],
    ['01 01000020 E6100000 000000000000F03F 0000000000000040', 'POINT(1 2)'],
  ])('%s is %s', (wkb, wkt) => {
    expect(wktOf(hex(wkb))).toBe(wkt)
  })

  test('of any bytes is a text or a fault of its message, never more', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          expect(wktOf(Buffer.from(bytes))).toMatch(/^[A-Z]/)
        } catch (error) {
          expect((error as Error).name).toBe('Undecodable')
        }
      }),
    )
  })
})
