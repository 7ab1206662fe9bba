import { describe, expect, test } from 'vitest'
import type { DataType, Snapshot, StructField, StructType } from '../../src/index.ts'
import { evolvedMetadata } from '../../src/write/evolve.ts'

const field = (name: string, type: DataType, nullable = true, comment?: string): StructField => ({
  name,
  type,
  nullable,
  metadata: comment === undefined ? {} : { comment },
})
const struct = (...fields: StructField[]): StructType => ({ type: 'struct', fields })
const list = (elementType: DataType): DataType => ({ type: 'array', elementType, containsNull: true })

function table(schema: StructType, partitionColumns: string[] = [], widens = false): Snapshot {
  const metadata = {
    id: 'id',
    schemaString: JSON.stringify(schema),
    partitionColumns,
    configuration: { 'millrace.addsColumns': 'true', 'delta.enableTypeWidening': 'true' },
  }
  const protocol = { minReaderVersion: 3, minWriterVersion: 7, writerFeatures: widens ? ['typeWidening'] : [] }
  return { table: { store: { url: 'memory:' }, path: 't' }, protocol, metadata } as unknown as Snapshot
}

function evolved(stored: StructType, wanted: StructType): StructType | undefined {
  const metadata = evolvedMetadata(table(stored), { schema: wanted })
  return metadata && (JSON.parse(metadata.schemaString) as StructType)
}

describe('what fits is adopted', () => {
  test('the same schema changes nothing', () => {
    const schema = struct(field('a', 'long', false), field('b', list('string')))
    expect(evolved(schema, schema)).toBeUndefined()
  })
  test('columns that only the table has stay, and are null in our rows', () => {
    expect(evolved(struct(field('a', 'long'), field('theirs', 'string')), struct(field('a', 'long')))).toBeUndefined()
  })
  test.each([
    ['byte', 'long'],
    ['integer', 'long'],
    ['float', 'double'],
    ['decimal(10,2)', 'decimal(12,3)'],
  ])('%s goes into a column of %s', (ours, theirs) => {
    expect(evolved(struct(field('a', theirs)), struct(field('a', ours)))).toBeUndefined()
  })
  test('their NOT NULL is kept', () => {
    expect(evolved(struct(field('a', 'long', false)), struct(field('a', 'long')))).toBeUndefined()
  })
})

test('columns that the table lacks are added behind its own, with their comments; its own keep theirs', () => {
  const stored = struct(field('a', 'long', true, 'by them'))
  const wanted = struct(field('b', 'string', true, 'by us'), field('a', 'long', true, 'also by us'))
  expect(evolved(stored, wanted)).toEqual(
    struct(field('a', 'long', true, 'by them'), field('b', 'string', true, 'by us')),
  )
})

test('nothing is added unasked to a table of others', () => {
  const theirs = table(struct(field('a', 'long')))
  const snapshot = { ...theirs, metadata: { ...theirs.metadata, configuration: {} } }
  const schema = struct(field('a', 'long'), field('b', 'string'))
  expect(() => evolvedMetadata(snapshot, { schema })).toThrow('is a table of others')
  expect(evolvedMetadata(snapshot, { schema: struct(field('a', 'long')) })).toBeUndefined()
})

test('fields are added inside structs, lists and maps too', () => {
  const inner = struct(field('x', 'long'))
  const wider = struct(field('x', 'long'), field('y', 'string'))
  const map = (valueType: DataType): DataType => ({
    type: 'map',
    keyType: 'string',
    valueType,
    valueContainsNull: true,
  })
  const all = (type: DataType) => struct(field('s', type), field('l', list(type)), field('m', map(type)))
  expect(evolved(all(inner), all(wider))).toEqual(all(wider))
})

test('a column becomes wider where the table has the feature for it, and says which types older files have', () => {
  const [stored, wanted] = [struct(field('a', 'short'), field('b', 'long')), struct(field('a', 'integer'))]
  const once = evolvedMetadata(table(stored, [], true), { schema: wanted })?.schemaString ?? ''
  const twice = evolvedMetadata(table(JSON.parse(once), [], true), { schema: struct(field('a', 'long')) })
  const [a] = (JSON.parse(twice?.schemaString ?? '') as StructType).fields
  expect(a).toMatchObject({
    type: 'long',
    metadata: {
      'delta.typeChanges': [
        { fromType: 'short', toType: 'integer' },
        { fromType: 'integer', toType: 'long' },
      ],
    },
  })
  expect(() => evolved(stored, wanted)).toThrow('column a is short, not integer')
})

describe('what does not fit is refused, by name', () => {
  test.each([
    ['another type', struct(field('a', 'string')), struct(field('a', 'long')), 'column a is string, not long'],
    ['a narrower type', struct(field('a', 'integer')), struct(field('a', 'long')), 'column a is integer, not long'],
    [
      'a nested type',
      struct(field('l', list('string'))),
      struct(field('l', list('long'))),
      'column l.element is string, not long',
    ],
    [
      'a new column that must not be null',
      struct(field('a', 'long')),
      struct(field('a', 'long'), field('b', 'long', false)),
      'column b is not there, and must not be null',
    ],
    [
      'a missing column that must not be null',
      struct(field('a', 'long'), field('b', 'long', false)),
      struct(field('a', 'long')),
      'column b must not be null, and the rows lack it',
    ],
    [
      'another case',
      struct(field('Price', 'long')),
      struct(field('price', 'long')),
      'column Price is written price here',
    ],
  ])('%s', (_, stored, wanted, message) => {
    expect(() => evolved(stored, wanted)).toThrow(message)
  })
  test('other partition columns', () => {
    const schema = struct(field('a', 'long'), field('b', 'string'))
    const wanted = { schema, partitionColumns: ['a'] }
    expect(() => evolvedMetadata(table(schema, ['b']), wanted)).toThrow('it is partitioned by (b), not by (a)')
    expect(evolvedMetadata(table(schema, ['b']), { schema })).toBeUndefined()
  })
  test('all differences at once', () => {
    const stored = struct(field('a', 'string'), field('b', 'string'))
    const wanted = struct(field('a', 'long'), field('b', 'date'))
    expect(() => evolved(stored, wanted)).toThrow('column a is string, not long; column b is string, not date')
  })
})
