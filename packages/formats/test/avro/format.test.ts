import avsc from 'avsc'
import { describe, expect, test } from 'vitest'
import { openFormat } from '../../src/index.ts'
import { formatContract } from '../contract.ts'

const USER = {
  type: 'record',
  name: 'User',
  fields: [
    { name: 'ind', type: 'int' },
    { name: 'name', type: ['null', 'string'] },
  ],
}
const type = avsc.Type.forSchema(USER as avsc.Schema)
const ada = type.toBuffer({ ind: 7, name: 'Ada\n"Lovelace"' })
const nobody = type.toBuffer({ ind: 8, name: null })
const records = [{ ind: 7, name: 'Ada\n"Lovelace"' }, { ind: 8 }]

formatContract(openFormat({ name: 'avro', framing: 'none', schemas: [USER] }), {
  good: [ada, nobody].map((message, i) => ({ message, record: records[i] ?? {} })),
  notOfIt: [null, Buffer.from(''), Buffer.from('{"ind":7}'), ada.subarray(0, 3)],
})

/** The fingerprint is what fastavro says of the schema. */
const header = Buffer.concat([Buffer.from([0xc3, 1]), Buffer.from('dcac08580dbfc9aa', 'hex')])

describe('single-object encoding', () => {
  formatContract(openFormat({ name: 'avro', framing: 'single-object', schemas: [USER] }), {
    good: [ada, nobody].map((message, i) => ({ message: Buffer.concat([header, message]), record: records[i] ?? {} })),
    notOfIt: [null, ada, Buffer.concat([Buffer.from([0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8]), ada])],
  })
})

test('a schema that Avro does not allow is refused', () => {
  for (const schema of [
    {},
    { type: 'record', name: 'R' },
    { type: 'unheard' },
    [],
    { type: 'fixed', name: 'F', size: -1 },
  ]) {
    expect(() => openFormat({ name: 'avro', framing: 'none', schemas: [schema] })).toThrow()
  }
})
