import { expect, test } from 'vitest'
import { openFormat } from '../../src/index.ts'
import { formatContract } from '../contract.ts'

const USER = 'syntax = "proto3"; package shop; message User { int32 ind = 1; optional string name = 2; }'
const ada = Buffer.from('08071205416461220a', 'hex').subarray(0, 7)

formatContract(openFormat({ name: 'protobuf', message: 'shop.User', schemas: [{ name: 'user.proto', text: USER }] }), {
  good: [
    { message: Buffer.from('0807120341640a', 'hex'), record: { ind: 7, name: 'Ad\n' } },
    { message: Buffer.from(''), record: { ind: 0 } },
  ],
  notOfIt: [null, ada.subarray(0, 3), Buffer.from('{"ind":7}'), Buffer.from([0, 1])],
})

test('a schema that is none, or lacks the message or a type, is refused', () => {
  for (const [text, message] of [
    ['syntax = "proto3"; message {', 'M'],
    [USER, 'shop.Nobody'],
    ['syntax = "proto3"; message M { Elsewhere e = 1; }', 'M'],
    ['syntax = "proto3"; import "nowhere.proto"; message M { nowhere.N n = 1; }', 'M'],
  ] as const) {
    expect(() => openFormat({ name: 'protobuf', message, schemas: [{ name: 'm.proto', text }] })).toThrow()
  }
})
