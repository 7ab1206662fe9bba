import { expect, test } from 'vitest'
import { shapeOfRecords } from '../../src/index.ts'

const shapeOf = (...values: unknown[]) => shapeOfRecords(values.map((f) => ({ f }))).fields.f
const times = (count: number, value: unknown) => Array.from({ length: count }, () => value)

test.each([
  [[], undefined],
  [[null], { kind: 'nothing' }],
  [[1, null, 2], { kind: 'long' }],
  [[1, 2.5], { kind: 'double' }],
  [[2 ** 53], { kind: 'double' }],
  [[1, 'x'], { kind: 'text' }],
  [['2026-01-31', '2026-01-31 12:00:00'], { kind: 'text' }],
  [[{ a: 1 }, 7], { kind: 'json' }],
  [[[], [1]], { kind: 'list', items: { kind: 'long' } }],
  [[[]], { kind: 'list', items: { kind: 'nothing' } }],
  [[{ a: 1 }, { b: true }], { kind: 'record', fields: { a: { kind: 'long' }, b: { kind: 'boolean' } } }],
])('the shape of %j', (values, shape) => {
  expect(shapeOf(...values)).toEqual(shape)
})

test('one value in a hundred is a mistake that does not decide the type; two are not', () => {
  expect(shapeOf('n/a', ...times(99, 1))).toEqual({ kind: 'long' })
  expect(shapeOf('n/a', ...times(98, 1))).toEqual({ kind: 'text' })
  expect(shapeOf('n/a', {}, ...times(99, 1))).toEqual({ kind: 'json' })
  expect(shapeOf('n/a', true, ...times(198, 1))).toEqual({ kind: 'long' })
  expect(shapeOf(...times(99, '2026-01-31'), '')).toEqual({ kind: 'date' })
  expect(shapeOf(...times(99, 'x'), 1)).toEqual({ kind: 'text' })
  expect(shapeOf('n/a', ...times(60, 1), ...times(39, 1.5))).toEqual({ kind: 'double' })
  expect(shapeOf(7, ...times(99, { a: 1 }))).toEqual({ kind: 'record', fields: { a: { kind: 'long' } } })
  expect(shapeOf([...times(99, 1), 'x'])).toEqual({ kind: 'list', items: { kind: 'long' } })
  expect(shapeOf({ a: 'x' }, ...times(99, { a: 1 }))).toEqual({ kind: 'record', fields: { a: { kind: 'long' } } })
})

test('one double among whole numbers makes them doubles: nothing is lost by it', () => {
  expect(shapeOf(0.5, ...times(999, 1))).toEqual({ kind: 'double' })
})
