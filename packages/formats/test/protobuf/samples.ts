import fc from 'fast-check'
import protobuf from 'protobufjs'
import { TREE } from './tree.ts'

export const Node = typeOf(TREE, 'tree.Node')

/** The type as protobufjs has it, which encodes for us. */

function typeOf(text: string, name: string): protobuf.Type {
  const root = new protobuf.Root()
  const files = ['timestamp', 'duration', 'struct', 'wrappers', 'field_mask', 'any', 'empty']
  for (const file of files) root.addJSON(protobuf.common.get(`google/protobuf/${file}.proto`)?.nested ?? {})
  const decimal = 'syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; int32 scale = 3; }'
  protobuf.parse(decimal, root, { keepCase: true })
  protobuf.parse(text, root, { keepCase: true })
  return root.lookupType(name)
}

export function encodeNode(value: object): Uint8Array {
  return Node.encode(Node.fromObject(value)).finish()
}

const int = fc.integer()
const leaf = fc.record({ n: fc.maxSafeInteger(), kind: fc.constantFrom('LEAF', 'BRANCH', 'MINUS') })
const texts = fc.dictionary(fc.string(), leaf, { maxKeys: 4 })
/** What a message may hold. */
export const anyNode = fc.record(
  {
    ...{ name: fc.string({ unit: 'binary' }), d: fc.double({ noNaN: true, noDefaultInfinity: true }), i: int, s: int },
    ...{
      l: fc.maxSafeInteger(),
      u: fc.nat(),
      raw: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      maybe: int,
      packed: fc.array(int),
    },
    ...{ loose: fc.array(int), texts: fc.array(fc.string()), leaves: fc.array(leaf), by_name: texts, only: leaf },
    ...{
      by_number: fc.dictionary(fc.nat().map(String), fc.string(), { maxKeys: 4 }),
      word: fc.string(),
      b: fc.boolean(),
    },
  },
  { requiredKeys: [] },
)
