import { expect, test } from 'vitest'
import { canonicalForm, fingerprintOf } from '../../src/avro/fingerprint.ts'

/** What fastavro says of the same schemas. */
const SCHEMA = {
  type: 'record',
  name: 'a.b.R',
  doc: 'd',
  aliases: ['Q'],
  fields: [
    { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'], default: 'A' } },
    { name: 'f', default: null, type: ['null', { type: 'fixed', size: 4, name: 'F', namespace: 'c' }] },
    { name: 'm', type: { type: 'map', values: { type: 'array', items: 'E' } } },
    { name: 't', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
}
const CANONICAL =
  '{"name":"a.b.R","type":"record","fields":[{"name":"e","type":{"name":"a.b.E","type":"enum","symbols":["A","B"]}},{"name":"f","type":["null",{"name":"c.F","type":"fixed","size":4}]},{"name":"m","type":{"type":"map","values":{"type":"array","items":"a.b.E"}}},{"name":"t","type":"long"}]}'

test('a canonical form and its fingerprint are those of other implementations', () => {
  expect(canonicalForm(SCHEMA, '')).toBe(CANONICAL)
  expect([fingerprintOf(SCHEMA), fingerprintOf('int')].map((one) => one.toString(16))).toEqual([
    '375245bf22474318',
    '7275d51a3f395c8f',
  ])
})
