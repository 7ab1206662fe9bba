import { joinValues } from '@millrace/base'
import { describe, expect, test } from 'vitest'
import { openFormat } from '../../src/index.ts'
import { formatContract } from '../contract.ts'
import { envelope, json, read, withSchema } from './messages.ts'

const format = openFormat('debezium')
const deleting = openFormat({ name: 'debezium', tombstones: 'delete' })
const ADA = { id: 1, name: 'Ada "}{" Lovelace' }
const NAME = { type: 'string', optional: true, field: 'name' }
const BORN = { type: 'int32', optional: true, name: 'io.debezium.time.Date', version: 1, field: 'born' }

formatContract(format, {
  good: [
    { message: json(envelope('c', null, ADA)), record: ADA },
    { message: json(envelope('d', ADA, null)), record: { millrace_deleted: true, ...ADA } },
    { message: Buffer.from(' {"op":"u" , "after" : {"a": 1 } ,"before":null}\n'), record: { a: 1 } },
    { message: json(withSchema([NAME, BORN], envelope('r', null, { born: 1 }))), record: { born: '1970-01-02' } },
    { message: json(ADA), record: ADA },
  ],
  notOfIt: [
    ...['', 'x', '[]', '{"op":"c"', '{"a":1}}', '{"a":1} {"b":2}', '{"op":"c","after":{"a":1}', '{"a":1,}'].map(
      (text) => Buffer.from(text),
    ),
    json(envelope('u', ADA, null)),
    json(envelope('d', null, null)),
    json(envelope('x', ADA, ADA)),
    json({ schema: 7, payload: ADA }),
    json({ schema: { fields: [null] }, payload: ADA }),
    json({ schema: null, payload: 7 }),
    Buffer.from('{"op":"c","after":{"a":"\xff"}}', 'latin1'),
    json(withSchema([BORN], envelope('c', null, { born: 'x' }))),
    json(withSchema([BORN], envelope('c', null, { born: 9_999_999 }))),
  ],
})

describe('a change', () => {
  test('is the row after it: created, read in a snapshot, updated; before a delete the row that was', async () => {
    const changes = ['c', 'r', 'u'].map((op) => json(envelope(op, null, ADA)))
    expect(await read(format, [...changes, json(envelope('d', ADA, null))])).toEqual([
      ...[ADA, ADA, ADA],
      { ...ADA, millrace_deleted: true },
    ])
  })

  test('may come without the schema part, or with one that is null', async () => {
    const change = envelope('u', ADA, ADA)
    const both = [change, { schema: null, payload: change }, withSchema([NAME], change)]
    expect(await read(format, both.map(json))).toEqual([ADA, ADA, ADA])
  })

  test('may be the plain row of ExtractNewRecordState, which says itself that it is deleted', async () => {
    const rows = [ADA, { ...ADA, __deleted: 'false', __op: 'u' }, { ...ADA, __deleted: 'true' }, { ...ADA, __op: 'd' }]
    const marks = (await read(format, rows.map(json))).map((row) => row.millrace_deleted)
    expect(marks).toEqual([undefined, undefined, true, true])
  })

  test('of a table with columns named as the envelope’s members is a plain row all the same', async () => {
    const row = { id: 1, op: 'c', payload: { a: 1 }, source: null }
    expect(await read(format, [json(envelope('c', null, row))])).toEqual([row])
    expect(await read(format, [json({ id: 1, op: 'c', payload: 'x' })])).toEqual([{ id: 1, op: 'c', payload: 'x' }])
  })

  test('that has no row is left out: schema changes, messages of the log, heartbeats, a truncate', async () => {
    const housekeeping = withSchema([], { ts_ms: 1 }, 'io.debezium.connector.common.Heartbeat')
    const ddl = { source: {}, databaseName: 'shop', ddl: 'ALTER TABLE users …', tableChanges: [] }
    const messages = [housekeeping, ddl, { op: 'm', source: {}, message: {} }, envelope('t', null, null)]
    expect(await read(format, messages.map(json))).toEqual(messages.map(() => 'ignored'))
  })

  test('that empties the table has no column, and what is wanted of the envelope; or it is a row of that alone', async () => {
    const truncate = json({ op: 't', before: null, after: null, source: { lsn: 7 } })
    const added = ['__op', '__lsn']
    const applying = openFormat({ name: 'debezium', truncates: 'apply', added })
    expect(await read(applying, [truncate, json(envelope('c', null, ADA))])).toEqual([
      { millrace_deleted: true, millrace_truncated: true, __op: 't', __lsn: 7 },
      { __op: 'c', ...ADA },
    ])
    const asRow = openFormat({ name: 'debezium', truncates: 'row', added })
    expect(await read(asRow, [truncate])).toEqual([{ __op: 't', __lsn: 7 }])
  })

  test('of which PostgreSQL has not logged a value is rejected: the placeholder must not become the value', async () => {
    const toast = '__debezium_unavailable_value'
    const [update, gone] = [envelope('u', null, { id: 1, text: toast }), envelope('d', { id: 1, text: toast }, null)]
    expect(await read(format, [json(update), json(gone)])).toEqual([
      expect.stringMatching(/REPLICA IDENTITY FULL/),
      { id: 1, text: toast, millrace_deleted: true },
    ])
  })
})

describe('a tombstone', () => {
  test('is left out, unless the data set says that it deletes the row of its key', async () => {
    const empty = json({ schema: null, payload: null })
    const asText = json(null)
    expect(await read(format, [null, empty, asText])).toEqual(['ignored', 'ignored', 'ignored'])
    const keys = [
      '{"id":1}',
      JSON.stringify({ schema: { fields: [{ ...BORN, field: 'on' }] }, payload: { on: 3 } }),
      '{"id":2}',
    ]
    expect(deleting.readsKeys).toBe(true)
    expect(await read(deleting, [null, empty, asText], keys)).toEqual([
      { millrace_deleted: true, id: 1 },
      { millrace_deleted: true, on: '1970-01-04' },
      { millrace_deleted: true, id: 2 },
    ])
  })

  test('is read with its key, and so is a delete that says nothing of its row; an envelope that says it is not', () => {
    const isWithout = (value: Uint8Array) => deleting.isReadWithoutKey?.(value, 0, value.length)
    expect(isWithout(json(envelope('d', ADA, null)))).toBe(true)
    expect(isWithout(json(envelope('c', null, ADA)))).toBe(true)
    const others = [
      json(envelope('d', null, null)),
      Buffer.alloc(0),
      json({ schema: null, payload: null }),
      json({ payload: null, schema: null }),
      json(null),
    ]
    expect(others.map(isWithout)).toEqual([false, false, false, false, false])
  })

  test('is rejected where it should delete a row and its key does not tell which', async () => {
    expect(await read(deleting, [null, null, null], ['7', 'x', '{"id":1'])).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/^(tombstone|not Debezium)/)),
    )
    expect(await read(deleting, [null])).toEqual(['tombstone: it has no key'])
  })

  test('stands for a delete that has no row before it', async () => {
    expect(await read(deleting, [json(envelope('d', null, null))], ['{"id":1}'])).toEqual([
      { millrace_deleted: true, id: 1 },
    ])
  })
})

test('members of the envelope are added to the row where the data set has fields of their names', async () => {
  const added = ['__op', '__deleted', '__source_ts_ms', '__pos', '__ts_ms', '__lsn']
  const wanting = openFormat({ name: 'debezium', added })
  expect(await read(wanting, [json(envelope('d', { id: 1 }, null))])).toEqual([
    {
      ...{ millrace_deleted: true, id: 1, __op: 'd', __deleted: 'true' },
      ...{ __source_ts_ms: 1_700_000_000_000, __pos: 4, __ts_ms: 1_700_000_000_123 },
    },
  ])
})

test('a row nobody converts is copied byte by byte: numbers keep all their digits', async () => {
  const row = '{"a":12345678901234567890.1234567890,"b":"\\u0041"}'
  const { lines } = await format.read(joinValues([Buffer.from(`{"op":"c","source":{},"after":${row}}`)]))
  expect(Buffer.from(lines.bytes).toString()).toBe(`${row}\n`)
})
