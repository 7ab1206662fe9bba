import { deflateSync } from 'node:zlib'
import { joinValues, valueAt } from '@millrace/base'
import { expect, test } from 'vitest'
import { readRegistered } from '../../src/protobuf/format.ts'
import { parseProto } from '../../src/protobuf/parse.ts'
import { messagesOf } from '../../src/protobuf/which-message.ts'
import type { MessageHeader } from '../../src/registry/headers.ts'
import { apicurioHeader, glueHeader } from '../../src/registry/headers.ts'

/**
 * By their names: Box, Box.2Entry, Box.Inner, Box.MyMapEntry, Box2, Z. Each is told by the name of its field. As AWS's and
 * Apicurio's sources say; the messages are made here.
 */
const FILE = messagesOf(
  parseProto(
    `syntax = "proto3"; package p; import "other.proto"; message Z { int32 z = 1; Other o = 2; } message Box2 { int32 box2 = 1; }
     message Box { map<string, Z> my_map = 1; message Inner { int32 inner = 1; } int32 box = 2; map<int32, int32> __2 = 3; }`,
    [
      {
        name: 'other.proto',
        text: 'syntax = "proto3"; package p; message Other { int32 a = 1; } message Aa { int32 b = 1; }',
      },
    ],
  ),
)

function read(header: MessageHeader, key: number | string, ...texts: string[]) {
  const given = joinValues(texts.map((text) => Buffer.from(text.replaceAll(' ', ''), 'hex')))
  const { lines, rejected } = readRegistered(header.opened?.(given) ?? given, { header, known: new Map([[key, FILE]]) })
  const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]))
  return texts.map((_, i) => {
    const reason = reasons.get(i)
    return (
      reason ??
      Object.entries(JSON.parse(Buffer.from(valueAt(lines, i) ?? []).toString())).find(([, v]) => v === 7)?.[0]
    )
  })
}

const UUID = '00112233-4455-6677-8899-aabbccddeeff'
const NONE = `not Protobuf: its schema ${UUID} has no such message`
const GLUE = `0300${UUID.replaceAll('-', '')}`

test('behind the header of AWS Glue a message is named by its place among all, sorted by their names', () => {
  const at = (place: string, value = '0807') => `${GLUE} ${place} ${value}`
  const zipped = Buffer.from(`0305${UUID.replaceAll('-', '')}`, 'hex').toString('hex')
  expect(
    read(
      glueHeader(),
      UUID,
      ...[at('00', '1007'), at('01'), at('02'), at('03'), at('04'), at('05'), at('06'), at('8500'), at('')],
      ...[zipped + deflateSync(Buffer.from('050807', 'hex')).toString('hex'), at('ffffffffff01'), GLUE],
    ),
  ).toEqual([
    ...['box', NONE, 'inner', NONE, 'box2', 'z', NONE, 'z', NONE, 'z'],
    'not Protobuf of its schema: a number of its message is out of range',
    'not Protobuf of its schema: it ends within a value',
  ])
})

const ref = (name: string) => Buffer.from([name.length + 2, 0x0a, name.length, ...Buffer.from(name)]).toString('hex')

test.each([
  ['four bytes, of a content', '0000000007', 'content 7', apicurioHeader(undefined)],
  ['eight bytes, of a version', '000000000000000007', 7, apicurioHeader(undefined)],
  ['four bytes, where all are of versions', '0000000007', 7, apicurioHeader('globalIds')],
  ['eight bytes, where all are of contents', '000000000000000007', 7, apicurioHeader('contentIds')],
])('behind the header of Apicurio a message is named by its name: an id in %s', (_, id, key, header) => {
  const found = read(
    header,
    key,
    ...['Box2', 'Z', 'Inner', 'p.Box2', 'None'].map((name) => `${id} ${ref(name)} 0807`),
    ...[`${id} ${ref('Box')} 0200 0807`, `${id} 00 0807`, `${id} 0202 0807`, `${id} 0807`, id, `${id} 08`],
    ...['01', '00', id.slice(0, -2)],
  )
  const none = `not Protobuf: its schema ${key} has no such message`
  const noHeader = 'not Protobuf: it does not begin with the id of a schema'
  expect(found).toEqual([
    ...['box2', 'z', 'inner', 'box2', none],
    ...['z', 'z', 'box2', 'z', undefined, 'not Protobuf of its schema: it ends within a value'],
    ...[noHeader, noHeader, noHeader],
  ])
})
