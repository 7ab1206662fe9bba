import { combineTraits, joinValues, type ValueTraits, valueAt } from '@millrace/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
// The lines are private on purpose: what they say of odd values is read by the source alone.
import { decodeLines, encodeLines } from '../../src/archive/lines.ts'

const odd = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.constantFrom('', ' ', '{"a":\n1}', '{"a":1}\r', '\r\n', '{"a":1} ', '[1]').map((text) => Buffer.from(text)),
)

const valuesIn = (joined: ReturnType<typeof joinValues>) =>
  Array.from({ length: joined.count }, (_, i) => {
    const value = valueAt(joined, i)
    return value === null ? null : Buffer.from(value).toString('hex')
  })

test('gives back every value by its bytes, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(fc.array(odd)), (blocks) => {
      const joined = blocks.map(joinValues)
      const all = joinValues(blocks.flat())
      const { bytes, odd } = encodeLines(joined)
      const traits: ValueTraits = combineTraits(joined.map(({ traits }) => traits))
      expect(valuesIn(decodeLines(bytes, JSON.parse(JSON.stringify(odd)), all.count, traits))).toEqual(valuesIn(all))
    }),
  )
})

test('writes JSON of several lines as one that means the same, and leaves out what would be no line', () => {
  const values = ['{"a":\n 1}', null, '', '{"b":2}'].map((text) => (text === null ? null : Buffer.from(text)))
  const { bytes, odd } = encodeLines([joinValues([...values, Buffer.from([0xff])])])
  expect(Buffer.from(bytes).toString()).toBe('{"a":  1}\n{"b":2}\n')
  expect(odd).toEqual({ nulls: [1], empty: [2], breaks: [[0, 5]], kept: [[4, '/w==']] })
})

test('writes a file of bytes that are no text as strings of JSON, as JsonFormat does', () => {
  const { bytes } = encodeLines([joinValues([Buffer.from([0xff, 1]), Buffer.from([0xfe])])])
  expect(Buffer.from(bytes).toString()).toBe('"/wE="\n"/g=="\n')
})
