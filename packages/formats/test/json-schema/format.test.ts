import { joinValues } from '@millrace/base'
import { expect, test } from 'vitest'
import { openFormat } from '../../src/index.ts'
import { formatContract } from '../contract.ts'

const format = openFormat('json-schema')
const message = (text: string, id = 10) => {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(id, 1)
  return Buffer.concat([header, Buffer.from(text)])
}

formatContract(format, {
  good: [
    { message: message('{"ind":7}'), record: { ind: 7 } },
    { message: message('{"name":\n"Ada"}', 0x7b0a), record: { name: 'Ada' } },
  ],
  notOfIt: [null, Buffer.from(''), Buffer.from('{"ind":7}'), message('')],
})

test('of usual messages it is known that they are objects on one line', async () => {
  const { lines } = await format.read(joinValues([message('{"a":1}', 1), message('{"b":2}', 1)]))
  expect(lines.traits).toMatchObject({ nulls: false, lineBreaks: false, first: 0x7b })
})
