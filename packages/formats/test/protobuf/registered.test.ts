import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { joinValues, valueAt } from '@millrace/base'
import protobuf from 'protobufjs'
import 'protobufjs/ext/descriptor.js'
import { expect, onTestFinished, test } from 'vitest'
import { openFormat } from '../../src/index.ts'

const ADDRESS = 'syntax = "proto3"; package shop; message Address { string zip = 1; }'
const ORDER = `syntax = "proto3"; package shop; import "address.proto";
  message Order { message Item { string sku = 1; } map<string, int32> counts = 1; message Note { string text = 1; } }
  message Parcel { Address to = 1; }`

/** What protoc makes of: message Order { map<string, int32> counts = 1; message Item { string item = 1; } message Note { string note = 1; } } */
const WITH_MAP = `CgdtLnByb3RvEgRzaG9wIosBCgVPcmRlchInCgZjb3VudHMYASADKAsyFy5zaG9wLk9yZGVyLkNvdW50c0VudHJ5Gi0KC0NvdW50c0VudHJ5
  EgsKA2tleRgBIAEoCRINCgV2YWx1ZRgCIAEoBToCOAEaFAoESXRlbRIMCgRpdGVtGAEgASgJGhQKBE5vdGUSDAoEbm90ZRgBIAEoCWIGcHJvdG8z`

const ANSWERS: Readonly<Record<string, unknown>> = {
  '/schemas/ids/7': {
    schemaType: 'PROTOBUF',
    schema: ORDER,
    references: [{ name: 'address.proto', subject: 'address', version: 1 }],
  },
  '/schemas/ids/8': { schema: '"int"' },
  '/schemas/ids/9': { schemaType: 'PROTOBUF', schema: 'syntax = "proto3"; message {' },
  '/schemas/ids/11': { schemaType: 'PROTOBUF', schema: WITH_MAP },
  '/subjects/address/versions/1': { schemaType: 'PROTOBUF', schema: ADDRESS },
}

/** What protoc makes of: syntax = "proto3"; import "google/protobuf/timestamp.proto"; message M { optional int32 a = 1; int32 b = 2; … at = 3; } */
function descriptor(syntax: string): string {
  const type = (protobuf as unknown as { readonly descriptor: Record<string, protobuf.Type> }).descriptor
  const field = (name: string, number: number, more: object = {}) => ({ name, number, type: 5, label: 1, ...more })
  const synthetic = syntax === 'proto3' ? { proto3Optional: true, oneofIndex: 0 } : {}
  const at = { type: 11, typeName: '.google.protobuf.Timestamp' }
  const message = {
    name: 'M',
    field: [field('a_a', 1, synthetic), field('b', 2), field('at', 3, at)],
    oneofDecl: syntax === 'proto3' ? [{ name: '_a_a' }] : [],
  }
  const file = {
    ...{ name: 'm.proto', syntax, dependency: ['google/protobuf/timestamp.proto'] },
    messageType: [{ name: 'First', nestedType: [message] }],
  }
  const { FileDescriptorProto } = type
  return Buffer.from(FileDescriptorProto?.encode(FileDescriptorProto.fromObject(file)).finish() ?? []).toString(
    'base64',
  )
}

test('a schema may be a descriptor in base64', async () => {
  const read = async (syntax: string) => {
    const schemas = [{ name: 'm.proto', text: descriptor(syntax) }]
    const message = Buffer.from('1a020801', 'hex')
    const { lines } = await openFormat({ name: 'protobuf', message: 'M', schemas }).read(joinValues([message]))
    return JSON.parse(Buffer.from(valueAt(lines, 0) ?? []).toString())
  }
  expect(await read('proto3')).toEqual({ b: 0, at: '1970-01-01 00:00:01' })
  expect(await read('proto2')).toEqual({ at: '1970-01-01 00:00:01' })
})

/** How an entry is written out by tools that make text of a descriptor. */
const WRITTEN_OUT = `syntax = "proto3"; package shop; message Order { repeated CountsEntry counts = 1;
  message CountsEntry { option map_entry = true; string key = 1; int32 value = 2; } }`

test.each([
  ['text', 'message Order { map<string, int32> counts = 1; }'],
  ['text in which its entry is written out', WRITTEN_OUT],
  ['a descriptor', WITH_MAP],
])('a map is an object: %s', async (_, text) => {
  const schemas = [{ name: 'm.proto', text: text.startsWith('message') ? `syntax = "proto3"; ${text}` : text }]
  const { lines } = await openFormat({ name: 'protobuf', message: 'Order', schemas }).read(
    joinValues([Buffer.from('0a050a01781002' + '0a030a0179', 'hex')]),
  )
  expect(JSON.parse(Buffer.from(valueAt(lines, 0) ?? []).toString())).toEqual({ counts: { x: 2, y: 0 } })
})

test('the wire format names the schema and which of its messages it is, nested ones too', async () => {
  const server = createServer(({ url = '' }, response) => {
    response.statusCode = url in ANSWERS ? 200 : 404
    response.end(JSON.stringify(ANSWERS[url] ?? { error_code: 40403 }))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const messages = [
    '0000000007 00 0a050a01781002',
    '0000000007 0200 0a050a01781002',
    '0000000007 0202 0a030a0131',
    '0000000007 040002 0a0161',
    // The entry of the map is the first message within.
    '000000000b 040002 0a0161',
    '000000000b 00 0a050a01781002',
    '0000000007 0206 00',
    '0000000007',
    '0000000008 00',
    '0000000009 00',
    '0000000010 00',
    '01',
  ].map((text) => Buffer.from(text.replaceAll(' ', ''), 'hex'))
  const { lines, rejected } = await openFormat('protobuf', { registry, environment: {} }).read(joinValues(messages))
  const records = messages.flatMap((_, i) => Buffer.from(valueAt(lines, i) ?? []).toString() || [])
  expect(records.map((record) => JSON.parse(record))).toEqual([
    { counts: { x: 2 } },
    { counts: { x: 2 } },
    { to: { zip: '1' } },
    { text: 'a' },
    { item: 'a' },
    { counts: { x: 2 } },
  ])
  expect(rejected.map(({ reason }) => reason)).toEqual([
    'not Protobuf: its schema 7 has no such message',
    'not Protobuf of its schema: it ends within a value',
    'not Protobuf: its schema is of the kind AVRO',
    expect.stringMatching(/^not Protobuf: its schema can't be read: /),
    'not Protobuf: its schema 16 is not in the registry',
    'not Protobuf: it does not begin with the id of a schema',
  ])
})
