import { joinValues, valueAt } from '@millrace/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Format, openFormat } from '../../src/index.ts'

/** What becomes of each message: its record without what is null, or the reason. */
async function read(format: Format, messages: readonly Uint8Array[]) {
  const { lines, rejected } = await format.read(joinValues(messages))
  const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]))
  return messages.map((_, i) => reasons.get(i) ?? JSON.parse(String(valueAt(lines, i))))
}

/** The outcomes as they are of records within others, of which no value is left out. */
function within(outcomes: readonly unknown[]) {
  return outcomes.map((outcome) => {
    if (typeof outcome === 'string') return outcome
    const { inner } = outcome as { readonly inner: Record<string, unknown> }
    return Object.fromEntries(Object.entries(inner).filter(([, value]) => value !== null))
  })
}

const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 2, 4, 0x7f, 0x80, 0xff))
const anyBytes = fc.array(byte, { maxLength: 24 }).map((bytes) => Uint8Array.from(bytes))
const varint = (value: bigint) => {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}
const anyNumber = fc.oneof(
  fc.bigInt({ min: 0n, max: 200n }),
  fc.bigInt({ min: 0n, max: 2n ** 33n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
)
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('é'.repeat(40), 'a'.repeat(9000), 'b'.repeat(1 << 20)),
)

test('plain fields of Avro are read as those of a record within another, whatever the bytes', async () => {
  const types = ['string', 'boolean', 'int', 'long'] as const
  const all = types.flatMap((type) => [type, ['null', type], [type, 'null']])
  const fields = all.map((type, i) => ({ name: `f${i}`, type }))
  const record = { type: 'record', name: 'R', fields }
  const outer = { type: 'record', name: 'O', fields: [{ name: 'inner', type: record }] }
  const [alone, inside] = [record, outer].map((schema) =>
    openFormat({ name: 'avro', framing: 'none', schemas: [schema] }),
  ) as [Format, Format]
  const text = anyText.map((value) =>
    Buffer.concat([varint(2n * BigInt(Buffer.byteLength(value))), Buffer.from(value)]),
  )
  const values = [
    text,
    fc.nat({ max: 1 }).map((bit) => Buffer.from([bit])),
    anyNumber.map(varint),
    anyNumber.map(varint),
  ]
  const parts = values.flatMap((value) => [
    value,
    fc.oneof(
      fc.constant(Buffer.from([0])),
      value.map((each) => Buffer.concat([Buffer.from([2]), each])),
    ),
    fc.oneof(
      value.map((each) => Buffer.concat([Buffer.from([0]), each])),
      fc.constant(Buffer.from([2])),
    ),
  ])
  const whole = fc.tuple(...parts).map((each) => Buffer.concat(each))
  await fc.assert(
    fc.asyncProperty(fc.array(damaged(whole), { minLength: 1, maxLength: 6 }), async (messages) => {
      expect(await read(alone, messages)).toEqual(within(await read(inside, messages)))
    }),
    { numRuns: 500 },
  )
})

/** Messages as they are, cut off, or with some bytes changed. */
function damaged(message: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(), byte)
  return fc.oneof(
    message,
    anyBytes,
    fc.tuple(message, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1))),
    fc.tuple(message, fc.array(change, { minLength: 1, maxLength: 3 })).map(([bytes, changes]) => {
      const copy = Buffer.from(bytes)
      for (const [at, value] of changes) if (copy.length > 0) copy[at % Math.min(copy.length, 64)] = value
      return copy
    }),
  )
}

const SCALARS = ['string', 'int32', 'uint32', 'sint32', 'int64', 'sint64', 'bool'] as const

test.each([
  ['proto3', 'string last = 30; repeated string list = 31; oneof one { string a = 32; int32 b = 33; P p = 34; }'],
  ['proto2', 'optional string last = 30; repeated P list = 31; optional double d = 32; optional int32 high = 2000;'],
])(
  'plain fields of Protobuf are read as those of a message within another, whatever the bytes: %s',
  async (syntax, more) => {
    const optional = SCALARS.map((type, i) => `optional ${type} o${i} = ${i + 10};`)
    const fields = syntax === 'proto3' ? SCALARS.map((type, i) => `${type} f${i} = ${i + 1};`) : []
    const text = `syntax = "${syntax}"; message P { optional int32 x = 1; optional int32 y = 2; }
    message R { ${[...fields, ...optional].join(' ')} ${more} } message O { optional R inner = 1; }`
    const [alone, inside] = ['R', 'O'].map((message) =>
      openFormat({ name: 'protobuf', message, schemas: [{ name: 'r.proto', text }] }),
    ) as [Format, Format]
    const number = fc.constantFrom(
      ...[1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 20, 30, 31, 32, 33, 34, 40, 2000, 3000],
    )
    const tagged = (wire: number, value: fc.Arbitrary<Uint8Array>) =>
      fc.tuple(number, value).map(([field, bytes]) => Buffer.concat([varint(BigInt(field * 8 + wire)), bytes]))
    const delimited = (value: Uint8Array) => Buffer.concat([varint(BigInt(value.length)), value])
    const part = fc.oneof(
      tagged(0, anyNumber.map(varint)),
      tagged(
        2,
        anyText.map((value) => delimited(Buffer.from(value))),
      ),
      tagged(2, anyBytes.map(delimited)),
      tagged(5, fc.uint8Array({ minLength: 4, maxLength: 4 })),
      tagged(1, fc.uint8Array({ minLength: 8, maxLength: 8 })),
    )
    const whole = fc.array(part, { maxLength: 8 }).map((each) => Buffer.concat(each))
    await fc.assert(
      fc.asyncProperty(fc.array(damaged(whole), { minLength: 1, maxLength: 6 }), async (messages) => {
        const wrapped = messages.map((message) => Buffer.concat([Buffer.from([10]), delimited(message)]))
        expect(await read(alone, messages)).toEqual(within(await read(inside, wrapped)))
      }),
      { numRuns: 500 },
    )
  },
)

test('of values that repeat one that is not UTF-8 rejects its messages alone', async () => {
  const schema = { type: 'record', name: 'R', fields: [{ name: 'text', type: 'string' }] }
  const format = openFormat({ name: 'avro', framing: 'none', schemas: [schema] })
  const texts = ['a', 'é', '', 'é'].map((text) => Buffer.from(text))
  const messages = Array.from({ length: 600 }, (_, i) => {
    const text = i % 100 === 7 ? Buffer.from([0xc3]) : (texts[i % 4] as Buffer)
    return Buffer.concat([Buffer.from([2 * text.length]), text])
  })
  const outcomes = await read(format, messages)
  const expected = messages.map((_, i) =>
    i % 100 === 7 ? 'not Avro of its schema: a text is not UTF-8' : { text: String(texts[i % 4]) },
  )
  expect(outcomes).toEqual(expected)
})
