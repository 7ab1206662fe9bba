import { joinValues, valueAt } from '@millrace/base'
import { expect, test } from 'vitest'
import { openFormat } from '../../src/index.ts'

test('a block of many portions has each message in its line, or its reason, whatever the sizes', () => {
  const schema = { type: 'record', name: 'R', fields: [{ name: 'text', type: 'string' }] }
  const format = openFormat({ name: 'avro', framing: 'none', schemas: [schema] })
  const sizes = [10, 700_000, 0, 1_500_000, 3_000_000, 5, 900_000, 900_000, 900_000, 1]
  const messages = sizes.map((size, i) => (i % 5 === 2 ? Buffer.from([0xff]) : avroText(`${i}"`.repeat(size / 2))))
  const read = format.read(joinValues([...messages, null]))
  if (read instanceof Promise) throw new Error('it waits for nothing')
  const { lines, rejected } = read
  expect(rejected.map(({ index }) => index)).toEqual([2, 7, 10])
  for (const [i, size] of sizes.entries()) {
    const line = valueAt(lines, i)
    if (i % 5 === 2) expect(line).toBeNull()
    else expect(JSON.parse(String(line)).text === `${i}"`.repeat(size / 2)).toBe(true)
  }
})

function avroText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length: number[] = []
  for (let rest = bytes.length * 2; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) + 128)
    if (rest < 128) return Buffer.concat([Buffer.from(length), bytes])
  }
}

test('two halves of a character in two messages are no text, and what is around them is read', () => {
  const schema = { type: 'record', name: 'R', fields: [{ name: 'text', type: 'string' }] }
  const format = openFormat({ name: 'avro', framing: 'none', schemas: [schema] })
  const messages = [avroText('é'), Buffer.from([2, 0xc3]), Buffer.from([2, 0xa9]), avroText('è')]
  const read = format.read(joinValues(messages))
  if (read instanceof Promise) throw new Error('it waits for nothing')
  expect(read.rejected.map(({ index, reason }) => [index, reason])).toEqual(
    [1, 2].map((index) => [index, 'not Avro of its schema: a text is not UTF-8']),
  )
  expect([0, 3].map((index) => JSON.parse(String(valueAt(read.lines, index))).text)).toEqual(['é', 'è'])
})

const avro = (...fields: readonly object[]) =>
  openFormat({ name: 'avro', framing: 'none', schemas: [{ type: 'record', name: 'R', fields }] })

test('records of many columns come in groups of a thousand', async () => {
  const fields = Array.from({ length: 500 }, (_, i) => ({ name: `f${i}`, type: ['null', 'double'] }))
  const message = Buffer.concat([Buffer.from([2]), Buffer.alloc(8), Buffer.alloc(499)])
  const { columns, lines } = await avro(...fields).read(joinValues(Array.from({ length: 2100 }, () => message)))
  expect(columns?.groups.length).toBeLessThanOrEqual(3)
  expect(String(valueAt(lines, 2099))).toBe('{"f0":0}')
})

test('of columns that no record of a group has a value in there are no pages', async () => {
  const fields = Array.from({ length: 500 }, (_, i) => ({ name: `f${i}`, type: ['null', 'int'] }))
  const only = (at: number) => Buffer.from(fields.flatMap((_, i) => (i === at ? [2, 14] : [0])))
  const { columns, lines } = await avro(...fields).read(joinValues([only(3), only(499), Buffer.alloc(500)]))
  expect(columns?.groups.map(({ pages }) => [...pages.keys()].map((at) => columns.columns[at]?.name))).toEqual([
    ['f3', 'f499'],
  ])
  expect([0, 1, 2].map((at) => String(valueAt(lines, at)))).toEqual(['{"f3":7}', '{"f499":7}', '{}'])
})

test('a message of 18 MiB of bytes is not too large, as its record has less than 32 MiB', async () => {
  const size = 18 << 20
  const { rejected } = await avro({ name: 'b', type: 'bytes' }).read(joinValues([avroText('a'.repeat(size))]))
  expect(rejected).toEqual([])
})

test('lines are not made of memory that others use again', async () => {
  const { columns, lines } = await avro({ name: 'text', type: 'string' }).read(joinValues([avroText('a')]))
  columns?.release()
  expect(() => lines.bytes).toThrow('memory is used again')
})
