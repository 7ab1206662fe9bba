import { joinValues, valueAt } from '@millrace/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonFormat, LONGEST_JOINED_VALUE, thatNeedCloserLook } from '../../src/index.ts'
import { formatContract } from '../contract.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

formatContract(jsonFormat, {
  good: [
    { message: bytes('{}'), record: {} },
    { message: bytes('{"a":1,"b":"é"}'), record: { a: 1, b: 'é' } },
    { message: bytes('{\n"a":\r\n1}'), record: { a: 1 } },
  ],
  notOfIt: [
    null,
    bytes(''),
    bytes('{'),
    bytes('1'),
    bytes('[{}, {"a":"]"}]'),
    bytes('[{},]'),
    bytes(' [[]]'),
    new Uint8Array([0xff, 0x0a]),
  ],
})

test('JSON messages are read as they are: no byte is copied', async () => {
  const block = joinValues([bytes('{"a":1}'), null])
  expect((await jsonFormat.read(block)).lines).toBe(block)
})

test('a list of objects is each of them, byte for byte, however it is spaced', () => {
  const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/)
  const object = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value))
  fc.assert(
    fc.property(fc.array(fc.array(object, { minLength: 1, maxLength: 4 }), { minLength: 1 }), space, (lists, gap) => {
      const messages = lists.map((records) => bytes(`${gap}[${gap}${records.join(`${gap},${gap}`)}${gap}]${gap}`))
      const unpacked = [...(jsonFormat.unpack?.(joinValues(messages)) ?? [])].flatMap(({ values, message, place }) =>
        Array.from(message, (index, i) => [index, place[i], Buffer.from(valueAt(values, i) ?? []).toString()]),
      )
      expect(unpacked).toEqual(lists.flatMap((records, index) => records.map((record, i) => [index, i, record])))
    }),
  )
})

test('messages that are objects are not looked at for lists', () => {
  const { bytes: joined, ...rest } = joinValues([bytes('{"a":[1]}'), bytes('{}')])
  const unread = new Proxy(joined, {
    get: () => {
      throw new Error('a byte was read')
    },
  })
  expect(jsonFormat.unpack?.({ ...rest, bytes: unread })).toBeUndefined()
})

describe('a value needs a closer look', () => {
  test.each([
    ['null', null],
    ['empty', bytes('')],
    ['blank', bytes('  ')],
    ['a list', bytes('[1]')],
    ['a word', bytes('null')],
    ['a line feed', bytes('{"a":\n1}')],
    ['a carriage return', bytes('{"a":1}\r')],
    ['space before the brace', bytes(' {}')],
    ['over 1 MiB', new Uint8Array((1 << 20) + 1).fill(0x7b)],
  ])('%s', (_, value) => {
    expect(thatNeedCloserLook(joinValues([value]))).toEqual([0])
    expect(thatNeedCloserLook(joinValues([bytes('{}'), value, bytes('{}')]))).toEqual([1])
  })

  test('but not if it is an object on one line, of at most 1 MiB', () => {
    const largest = new Uint8Array(LONGEST_JOINED_VALUE).fill(0x7b)
    expect(thatNeedCloserLook(joinValues([bytes('{"a":1}'), largest, bytes('{}')]))).toEqual([])
  })

  test('and joined to the others by newlines, all others are as many lines as values', () => {
    const record = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => bytes(JSON.stringify(value)))
    fc.assert(
      fc.property(fc.array(record), (values) => {
        const joined = joinValues(values)
        expect(thatNeedCloserLook(joined)).toEqual([])
        expect(new TextDecoder().decode(joined.bytes).split('\n').slice(0, -1)).toHaveLength(values.length)
      }),
    )
  })
})

test('whether there is a list among many empty messages is found in one pass over them', () => {
  expect(jsonFormat.unpack?.(joinValues(Array.from({ length: 200_000 }, () => bytes(''))))).toBeUndefined()
})
