import { joinValues, valueAt } from '@millrace/base'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { expect, test } from 'vitest'
import { openFormat } from '../../src/index.ts'
import { anyNode, encodeNode, Node } from './samples.ts'
import { OLD, TREE } from './tree.ts'

const open = (message: string, text: string, ...imported: { name: string; text: string }[]) =>
  openFormat({ name: 'protobuf', message, schemas: [{ name: 'main.proto', text }, ...imported] })

const tree = open('tree.Node', TREE)
async function read(format: ReturnType<typeof open>, ...messages: Uint8Array[]) {
  const { lines, rejected } = await format.read(joinValues(messages))
  const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]))
  return messages.map((_, i) => reasons.get(i) ?? JSON.parse(Buffer.from(valueAt(lines, i) ?? []).toString()))
}

async function readOne(value: object) {
  const [record] = await read(tree, encodeNode(value))
  return record
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

test('an empty message has the defaults of fields that always have a value, and nothing else', async () => {
  expect(await readOne({})).toEqual({
    ...{ name: '', kind: 'LEAF', d: 0, f: 0, i: 0, l: 0, u: 0, ul: 0, s: 0, sl: 0, f32: 0, f64: 0, sf32: 0, sf64: 0 },
    ...{ b: false, raw: '', packed: [], loose: [], texts: [], leaves: [], by_name: {}, by_number: {}, by_bool: {} },
  })
})

test('numbers at the ends of their types keep all their digits', async () => {
  const [line] = [
    Node.encode(
      Node.fromObject({
        ...{ i: -2147483648, u: 4294967295, s: -2147483648, f32: 4294967295, sf32: -2147483648 },
        ...{ l: '-9223372036854775808', ul: '18446744073709551615', sl: '9223372036854775807' },
        ...{ f64: '18446744073709551615', sf64: '-9223372036854775808', kind: -1 },
      }),
    ).finish(),
  ]
  const { lines } = await tree.read(joinValues([line as Uint8Array]))
  const text = Buffer.from(valueAt(lines, 0) ?? []).toString()
  for (const part of [
    ...['"i":-2147483648', '"u":4294967295', '"s":-2147483648', '"f32":4294967295', '"sf32":-2147483648'],
    ...['"l":-9223372036854775808', '"ul":18446744073709551615', '"sl":9223372036854775807', '"kind":"MINUS"'],
    ...['"f64":18446744073709551615', '"sf64":-9223372036854775808'],
  ]) {
    expect(text).toContain(part)
  }
})

/** As JSON has it, but with the sign of a zero, which JSON.stringify leaves out. */
function throughJson(value: object): object {
  const zero = 'a zero below zero'
  const text = JSON.stringify(value, (_, each) => (Object.is(each, -0) ? zero : each))
  return JSON.parse(text, (_, each) => (each === zero ? -0 : each))
}

test('whatever a message holds, it is read as protobufjs reads it', async () => {
  const filled = (each: object) => ({ n: 0, kind: 'LEAF', more: [], ...each })
  await fc.assert(
    fc.asyncProperty(anyNode, async (sent) => {
      const record = await readOne(sent)
      const { leaves, only, by_name, ...rest } = sent
      const expected = {
        ...rest,
        ...(leaves && { leaves: leaves.map(filled) }),
        ...(only && { only: filled(only) }),
        ...(by_name && {
          by_name: Object.fromEntries(Object.entries(by_name).map(([key, each]) => [key, filled(each)])),
        }),
      }
      expect(record).toMatchObject(throughJson(expected))
    }),
    { numRuns: 50 },
  )
})

test('of a oneof the last one that was set is there', async () => {
  const [first, second] = [{ word: 'a' }, { number: 7 }].map((each) => Node.encode(Node.fromObject(each)).finish())
  const [record] = await read(tree, Buffer.concat([first as Uint8Array, second as Uint8Array]))
  expect(record).toMatchObject({ number: 7 })
  expect(record).not.toHaveProperty('word')
})

test('fields in any order, lists in parts, a message in parts: they are put together', async () => {
  const parts = [
    { packed: [1, 2], only: { n: 5 }, i: 1 },
    { texts: ['a'], loose: [3] },
    { packed: [3], only: { kind: 'BRANCH', more: [{ n: 1 }] }, i: 2, by_number: { 1: 'old' } },
    { loose: [4], texts: ['b'], only: { more: [{ n: 2 }] }, by_number: { 1: 'new', 2: 'x' } },
  ].map((each) => Node.encode(Node.fromObject(each)).finish())
  const more = [1, 2].map((n) => ({ n, kind: 'LEAF', more: [] }))
  // Then an unpacked value of a packed list.
  expect((await read(tree, Buffer.concat([...parts, hex('900105')])))[0]).toMatchObject({
    ...{ packed: [1, 2, 3, 5], loose: [3, 4], texts: ['a', 'b'], i: 2, by_number: { 1: 'new', 2: 'x' } },
    only: { n: 5, kind: 'BRANCH', more },
  })
})

test('well-known types become what they mean', async () => {
  const record = await readOne({
    at: { seconds: 1769860800, nanos: 123456000 },
    took: { seconds: -1, nanos: -500000000 },
    any_object: {
      fields: {
        a: { numberValue: 1 },
        b: { listValue: { values: [{ stringValue: 'x' }, { nullValue: 0 }] } },
        c: { structValue: { fields: {} } },
      },
    },
    any_value: { boolValue: true },
    wrapped: { value: 0 },
    mask: { paths: ['a.b', 'c'] },
    any: { type_url: 'type.googleapis.com/x', value: Buffer.from('ab') },
    nothing: {},
    price: { value: hex('ff7f'), scale: 2 },
  })
  expect(record).toMatchObject({
    ...{ at: '2026-01-31 12:00:00.123456', took: '-1.5s', any_object: { a: 1, b: ['x', null], c: {} } },
    ...{ any_value: true, wrapped: 0, mask: 'a.b,c', nothing: {}, price: '-1.29' },
    any: { type_url: 'type.googleapis.com/x', value: 'YWI=' },
  })
})

test('within another message a field that is not there is null', async () => {
  const inner = open(
    'M',
    'syntax = "proto3"; message M { I i = 1; } message I { optional int32 a = 1; int32 b = 2; I i = 3; }',
  )
  expect(await read(inner, hex('0a00'), hex(''))).toEqual([{ i: { a: null, b: 0, i: null } }, {}])
})

test('proto2: what may be missing is missing, groups are objects, a required field that lacks rejects', async () => {
  const old = open('Old', OLD)
  const state = hex('3002')
  expect(
    await read(old, hex('0807'), Buffer.concat([hex('0807 1b 2001 1c 1b 2002 1c 2803 2a020405 a00601'), state])),
  ).toEqual([
    { id: 7, line: [], loose: [] },
    { id: 7, line: [{ n: 1 }, { n: 2 }], loose: [3, 4, 5], state: 'PAID' },
  ])
  expect(await read(old, hex('1200'))).toEqual(['not Protobuf of its schema: the required field id is missing'])
})

test('types of other files are found', async () => {
  const imported = {
    name: 'shop/address.proto',
    text: 'syntax = "proto3"; package shop; message Address { string zip = 1; }',
  }
  const format = open(
    'Order',
    'syntax = "proto3"; package shop; import "shop/address.proto"; message Order { Address to = 1; shop.Address from = 2; }',
    imported,
  )
  expect(await read(format, hex('0a030a0131'))).toEqual([{ to: { zip: '1' } }])
})

test.each([
  ['0a05616263', 'it ends within a value'],
  ['08', 'it ends within a value'],
  ['10ffffffffffffffffffff01', 'a number has more than 64 bits'],
  ['0001', 'a field has a number that no field can have'],
  ['0e', 'a field is written as nothing that Protobuf has'],
  ['0c', 'a field is written as nothing that Protobuf has'],
  ['fb3e', 'it ends within a value'],
  ['0a01ff', 'a text is not UTF-8'],
])('%s is rejected: %s', async (bytes, reason) => {
  expect(await read(tree, hex(bytes))).toEqual([`not Protobuf of its schema: ${reason}`])
})

test('messages nested without end are rejected', async () => {
  const nested = Array.from({ length: 150 }).reduce<Buffer>(
    (inner) => Buffer.concat([hex('c2b802'), Buffer.from(new protobuf.Writer().uint32(inner.length).finish()), inner]),
    Buffer.alloc(0),
  )
  expect((await read(tree, nested))[0]).toMatch('nested deeper')
})

test('a message of nothing but empty messages does not become a thousand times as large', async () => {
  const many = Buffer.concat(Array.from({ length: 20_000 }, () => hex('aa0100')))
  const wide = open('W', `syntax = "proto3"; message W { repeated E e = 21; } message E { ${fields(200)} }`)
  expect(await read(wide, many)).toEqual(['not Protobuf of its schema: as JSON it is far larger than as Protobuf'])
})

const fields = (count: number) => Array.from({ length: count }, (_, i) => `string a_field_${i} = ${i + 1};`).join(' ')
