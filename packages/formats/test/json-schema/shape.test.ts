import { expect, it } from 'vitest'
import { shapeOfJsonSchema } from '../../src/json-schema/shape.ts'

const LONG = { kind: 'long' }
const TEXT = { kind: 'text' }
const JSON_TEXT = { kind: 'json' }
const NAMED = { kind: 'record', fields: { name: TEXT } }
const named = { type: 'object', properties: { name: { type: 'string' } } }

const shapeOf = (schema: object, references: { name: string; text: string }[] = []) =>
  shapeOfJsonSchema({ type: 'JSON', text: JSON.stringify(schema), references })

it.each([
  [{ type: 'integer' }, LONG],
  [{ type: 'number' }, { kind: 'double' }],
  [{ type: 'boolean' }, { kind: 'boolean' }],
  [{ type: 'null' }, { kind: 'nothing' }],
  [{ type: 'string' }, TEXT],
  [{ type: 'string', format: 'uuid' }, TEXT],
  [{ type: ['null', 'string'], format: 'date-time' }, { kind: 'timestamp' }],
  [{ type: 'string', format: 'date' }, { kind: 'date' }],
  [{ oneOf: [{ type: 'null' }, { type: 'integer' }] }, LONG],
  [{ anyOf: [{ type: 'integer' }, { type: 'number' }] }, { kind: 'double' }],
  [{ oneOf: [{ type: 'string' }, { type: 'integer' }] }, JSON_TEXT],
  [{ type: ['string', 'integer'] }, JSON_TEXT],
  [{ enum: ['a', 'b', null] }, TEXT],
  [{ enum: ['a', 1] }, JSON_TEXT],
  [{ const: 7 }, LONG],
  [
    { type: 'array', items: { type: 'integer' } },
    { kind: 'list', items: LONG },
  ],
  [
    { type: 'array', items: [{ type: 'integer' }] },
    { kind: 'list', items: JSON_TEXT },
  ],
  [named, NAMED],
  [{ ...named, oneOf: [{ required: ['name'] }, { required: ['id'] }] }, NAMED],
  [
    { type: 'object', additionalProperties: { type: 'integer' } },
    { kind: 'map', values: LONG },
  ],
  [{ type: 'object' }, JSON_TEXT],
  [{}, JSON_TEXT],
  [true, JSON_TEXT],
  [{ $ref: '#/definitions/a~1b' }, NAMED],
  [{ $ref: '#/$defs/id' }, LONG],
  [{ $ref: 'named.json' }, NAMED],
  [{ $ref: 'named.json#/properties/name' }, TEXT],
  [{ $ref: 'none.json' }, JSON_TEXT],
  [{ $ref: '#/%' }, JSON_TEXT],
  [{ $ref: '#/$defs/loop' }, JSON_TEXT],
  [{ $ref: '#/$defs/tree' }, { kind: 'record', fields: { id: LONG, below: { kind: 'list', items: JSON_TEXT } } }],
  [
    { allOf: [named, { properties: { id: { type: 'integer' } } }, { required: ['id'] }] },
    { kind: 'record', fields: { name: TEXT, id: LONG } },
  ],
  [{ allOf: [{ type: 'string' }, { type: 'integer' }] }, JSON_TEXT],
])('a field of %j', (field, shape) => {
  const $defs = {
    id: { type: 'integer' },
    loop: { $ref: '#/$defs/loop' },
    tree: {
      type: 'object',
      properties: { id: { type: 'integer' }, below: { type: 'array', items: { $ref: '#/$defs/tree' } } },
    },
  }
  const schema = { type: 'object', properties: { field }, definitions: { 'a/b': named }, $defs }
  expect(shapeOf(schema, [{ name: 'named.json', text: JSON.stringify(named) }])).toEqual({
    kind: 'record',
    fields: { field: shape },
  })
})

it.each([{ type: 'object' }, { type: 'string' }, { type: 'object', additionalProperties: { type: 'string' } }])(
  '%j names no fields',
  (schema) => {
    expect(shapeOf(schema)).toBeUndefined()
  },
)

it('parts that refer to one another often are no endless number of fields', () => {
  const levels = Array.from({ length: 40 }, (_, i) => {
    const $ref = `#/$defs/d${i + 1}`
    return [`d${i}`, { type: 'object', properties: { a: { $ref }, b: { $ref } } }] as const
  })
  const schema = { type: 'object', properties: { top: { $ref: '#/$defs/d0' } }, $defs: Object.fromEntries(levels) }
  expect(JSON.stringify(shapeOf(schema)).length).toBeLessThan(1 << 20)
})
