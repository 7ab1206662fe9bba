import { openDuckDB } from '@millrace/engine'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { duckdbType, type Metadata, schemaOf } from '../../src/index.ts'
import { unreadableType } from '../../src/log/schema.ts'

const engine = await openDuckDB({ files: 'all', threads: 1 })
const connection = await engine.connect()
afterAll(() => engine.close())

function metadataOf(schemaString: string): Metadata {
  return {
    id: 't',
    format: { provider: 'parquet', options: {} },
    schemaString,
    partitionColumns: [],
    configuration: {},
  }
}

const field = (type: unknown, name: unknown = 'a') => ({ name, type, nullable: true, metadata: {} })
const schemaWith = (...fields: unknown[]) => metadataOf(JSON.stringify({ type: 'struct', fields }))

describe('the type of a column becomes SQL', () => {
  const PRIMITIVES = ['string', 'long', 'byte', 'float', 'date', 'timestamp', 'timestamp_ntz', 'void', 'variant']

  test.each([...PRIMITIVES, 'decimal(38,38)', 'decimal( 10 , 0 )'])('%s', async (type) => {
    await connection.run(`SELECT NULL::${duckdbType(type)}`)
  })

  test.each([
    'decimal(99,1)',
    'decimal(5,6)',
    'decimal(0,0)',
    'interval year',
    'geometry',
    '__proto__',
    'toString',
    '',
  ])('never where it is %s: refused by name', (type) => {
    expect(unreadableType(type)).toBe(type)
    expect(() => duckdbType(type)).toThrow(expect.objectContaining({ code: 'TABLE_UNSUPPORTED' }))
  })

  test('never where it is SQL of somebody else, alone or deep inside', () => {
    const attack = fc.constantFrom(
      `VARCHAR); COPY (SELECT 1) TO '/tmp/planted' --`,
      `INTEGER AS a, (SELECT getenv('HOME'))`,
      `decimal(1,1)); DROP TABLE t --`,
      `string'`,
      `"string"`,
      'STRING',
      'bigint',
    )
    const hostile = fc.oneof(
      attack,
      fc.string({ unit: 'binary' }),
      fc.tuple(attack, fc.string()).map((all) => all.join('')),
    )
    const wrapped = hostile.chain((type) =>
      fc.constantFrom<unknown>(
        type,
        { type: 'array', elementType: type, containsNull: true },
        { type: 'map', keyType: 'string', valueType: type, valueContainsNull: true },
        { type: 'struct', fields: [field(type)] },
      ),
    )
    fc.assert(
      fc.property(wrapped, (type) => {
        const [parsed] = schemaOf(schemaWith(field(type))).fields
        if (parsed === undefined || unreadableType(parsed.type) === undefined) return
        expect(() => duckdbType(parsed.type)).toThrow(expect.objectContaining({ code: 'TABLE_UNSUPPORTED' }))
      }),
    )
  })
})

describe('a schema is broken, and the place named,', () => {
  const deep = (levels: number) =>
    `${'{"type":"array","containsNull":true,"elementType":'.repeat(levels)}"long"${'}'.repeat(levels)}`

  test.each([
    ['when it is not JSON', '{', 'not JSON'],
    ['when it is null', 'null', 'no type'],
    ['when it is a plain type', '"long"', 'no struct'],
    ['when it has no fields', '{"type":"struct"}', 'no fields'],
    ['when a field has no name', '{"type":"struct","fields":[{"type":"long"}]}', 'without a name'],
    ['when a field has no type', '{"type":"struct","fields":[{"name":"a"}]}', 'no type at the schema.a'],
    ['when metadata is a text', '{"type":"struct","fields":[{"name":"a","type":"long","metadata":"x"}]}', 'metadata'],
    ['when a kind is unknown', '{"type":"struct","fields":[{"name":"a","type":{"type":"udt"}}]}', 'unknown kind'],
    ['when a name has a NUL', '{"type":"struct","fields":[{"name":"a\\u0000","type":"long"}]}', 'NUL'],
    ['when it has 20,000 levels', `{"type":"struct","fields":[{"name":"a","type":${deep(20_000)}}]}`, 'levels deep'],
  ])('%s', (_, schemaString, says) => {
    expect(() => schemaOf(metadataOf(schemaString))).toThrow(
      expect.objectContaining({ code: 'TABLE_BROKEN', message: expect.stringContaining(says) }),
    )
  })

  test('where it is brackets that would take fifty times their memory: it is not parsed at all', () => {
    const bomb = metadataOf('['.repeat(600_000) + ']'.repeat(600_000))
    expect(() => schemaOf(bomb)).toThrow('is not JSON')
  })

  test('but not when a writer has left out metadata and nullable', () => {
    expect(schemaOf(metadataOf('{"type":"struct","fields":[{"name":"a","type":"long"}]}')).fields).toEqual([
      { name: 'a', type: 'long', nullable: true, metadata: {} },
    ])
  })
})
