import { openTable, schemaOf } from '@millrace/delta'
import { shapeOfRecords } from '@millrace/formats'
import { checkDescription, describeShape } from '@millrace/transform'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Kit, openKit, USERS, type WorkerOptions } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

let kit: Kit
let topic: MemoryTopic
beforeEach(async () => {
  kit = await openKit()
  topic = memoryTopic('users', 1)
})
afterEach(() => kit.close())

/** A data set that is inferred from these records. */
function inferredFrom(...records: readonly object[]): WorkerOptions {
  const { description, sql, shape } = describeShape(shapeOfRecords(records), { topic: 'users', format: 'json' })
  const checked = checkDescription(description, 'users', { environment: {} })
  return { rules: { ...checked, sql, inferred: shape } }
}

async function read(options: WorkerOptions, ...records: readonly object[]): Promise<void> {
  topic.send(0, ...records.map((record) => JSON.stringify(record)))
  const worker = await kit.startWorker(topic, { untilCaughtUp: true, ...options })
  await worker.source.assign(0)
  expect(await worker.ended).toBe('done')
}

const rows = async (sql: string) => await kit.column(USERS, sql)
const refused = () => kit.column(`${USERS}_quarantine`, `"offset" || ' ' || reason`)

async function columns() {
  const table = await openTable({ store: kit.store, path: USERS })
  return table ? schemaOf(table.metadata).fields : []
}

it('members that come later within objects and lists are columns too, however late in a batch', async () => {
  const options = inferredFrom({ id: 1, to: { zip: '1', near: { km: 1 } }, lines: [{ n: 1 }] })
  const usual = (id: number) => ({ id, to: { zip: String(id), near: { km: id } }, lines: [{ n: id }] })
  const many = Array.from({ length: 1_100 }, (_, id) => usual(id))
  const late = { id: 2_000, to: { zip: '9', city: 'Ulm', near: { km: 1, mi: 0.6 } }, lines: [{ n: 1 }, { sku: 'a' }] }
  await read(options, ...many, late)
  await read(options, { id: 2_001, to: { street: 'Weg' } }, usual(2_002))
  const own = "id || ' ' || \"to\".city || ' ' || \"to\".near.mi || ' ' || lines[2].sku"
  expect(await rows(`CASE WHEN id = 2000 THEN ${own} END`)).toContain('2000 Ulm 0.6 a')
  expect(await rows('CASE WHEN id = 2001 THEN "to".street END')).toContain('Weg')
  expect((await rows('id')).length).toBe(1_103)
  expect(await refused()).toEqual([])
})

it('a field whose type changed does not keep others of its object from coming', async () => {
  await read(inferredFrom({ id: 1, to: { n: 1, zip: 'a' } }), { id: 1, to: { n: 1, zip: 'a' } })
  const later = inferredFrom({ id: 1, to: { n: 'x', city: 'Ulm' }, all: [{ a: 1 }] })
  await read(later, { id: 2, to: { n: 2, city: 'Ulm' } }, { id: 3, to: { n: 'x' } }, { id: 4, to: { city: 'Bonn' } })
  expect(await rows(`concat_ws(' ', id, "to".n, "to".zip, "to".city)`)).toEqual(['1 1 a', '2 2 Ulm', '4 Bonn'])
  expect(await refused()).toEqual(["2 clean.sql failed: Conversion Error: Could not convert string 'x' to INT64"])
})

it('names that other engines do not have become others, in objects too', async () => {
  const record = { 'full name': 'Ada', to: { 'a,b': 1, 'c.d': 2, 'e f': { 'g=h': 3 } } }
  await read(inferredFrom(record), record, { to: { 'c.d': 4, 'i;j': 5 } })
  expect(await rows('to_json("to")::VARCHAR')).toEqual([
    '{"a_b":1,"c_d":2,"e_f":{"g_h":3},"i_j":null}',
    '{"a_b":null,"c_d":4,"e_f":null,"i_j":5}',
  ])
  expect((await columns()).map(({ name }) => name)).toEqual(['full_name', 'to'])
  expect(await refused()).toEqual([])
})

it('of two fields for one column the record is rejected, and none of them is lost', async () => {
  await read(inferredFrom({ 'a.b': 1, to: { zip: 'a' } }), { 'a.b': 1, to: { zip: 'a' } })
  const again = inferredFrom({ 'a.b': 1, to: { zip: 'a' } })
  await read(
    again,
    { 'a.b': 2, a_b: 3 },
    { to: { zip: 'b', ZIP: 'c' } },
    { to: { ZIP: 'd' } },
    { to: { '': 1 } },
    { 'a.b': 4 },
  )
  expect(await rows('a_b')).toEqual([1n, 4n])
  const other = 'another one has that name in other letter case or other signs'
  expect(await refused()).toEqual([
    `1 schema: field a_b can't become a column: ${other}`,
    `2 schema: field to.ZIP can't become a column: ${other}`,
    `3 schema: field to.ZIP can't become a column: ${other}`,
    `4 schema: field to. can't become a column: its name is empty or __proto__`,
  ])
})

it('of two names that differ in letter case the first is a column, and records with the other are not cut short', async () => {
  const both = { Id: 1, id: 2 }
  await read(inferredFrom(both), both, { Id: 3 })
  expect(await rows('"Id"')).toEqual([3n])
  expect(await refused()).toEqual([expect.stringMatching(/^0 schema: field id can't become a column: another one/)])
})

it('an object that is no struct from the beginning is its JSON, whatever comes into it', async () => {
  await read(
    inferredFrom({ id: 1, to: { zip: 'a', ZIP: 'b' } }),
    { id: 1, to: { zip: 'a', ZIP: 'b' } },
    { id: 2, to: { city: 'c', City: 'd' } },
  )
  expect(await rows('"to"')).toEqual(['{"city":"c","City":"d"}', '{"zip":"a","ZIP":"b"}'])
  expect(await refused()).toEqual([])
})

it('an object whose members are made up does not grow without end', async () => {
  const options = { ...inferredFrom({ id: 1, to: { n: 1 } }), maxRows: 600 }
  const made = Array.from({ length: 1_200 }, (_, id) => ({ id, to: { [`n${id}`]: id } }))
  await read(options, ...made.slice(0, 600))
  await read(options, ...made.slice(600), { id: 5_000, to: { n: 1 } })
  const [, to] = await columns()
  expect(typeof to?.type === 'object' && 'fields' in to.type && to.type.fields.length).toBeLessThanOrEqual(500)
  expect((await rows('id')).length + (await refused()).length).toBe(1_201)
  expect(await rows('CASE WHEN id = 5000 THEN 1 END')).toContain(1)
  const wrong = `CASE WHEN id < 5000 AND len(list_filter(json_extract("to"::JSON, '$.*'), lambda v: v::VARCHAR = id::VARCHAR)) <> 1 THEN id END`
  expect((await rows(wrong)).filter((id) => id !== null)).toEqual([])
})

it('a field that JavaScript has a meaning for is rejected or in a text, and neither lost nor the end of the worker', async () => {
  const odd = (id: number) => JSON.parse(`{"id": ${id}, "__proto__": 1}`)
  const within = JSON.parse('{"id": 2, "o": {"__proto__": {"a": 1}, "toString": 3}, "constructor": 4}')
  await read(inferredFrom(odd(1), within), odd(1), within)
  expect(await rows(`id || ' ' || constructor || ' ' || o`)).toEqual(['2 4 {"__proto__":{"a":1},"toString":3}'])
  expect(await refused()).toEqual([
    "0 schema: field __proto__ can't become a column: its name is empty, __proto__ or too long",
  ])
})

it('objects within objects take no longer with each depth', async () => {
  const depth = 40
  const record = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)
  await read(inferredFrom(record), record)
  expect(await rows('to_json(a)::VARCHAR')).toEqual([JSON.stringify(record.a)])
})

it('of a data set that somebody wrote, a field within a struct or a list is new where its column has none', async () => {
  const usual = { id: 1, to: { zip: '1', near: { km: 1 } }, lines: [{ n: 1 }], note: 'a text' }
  const { inferred: _, ...written } = inferredFrom(usual).rules ?? {}
  topic.send(
    0,
    ...[
      usual,
      { id: 2, to: { zip: '1', city: 'Ulm' } },
      { id: 3, lines: [{ n: 1 }, { n: 2, 'a b': null }] },
      { id: 4, to: { near: { mi: 1 } }, note: { more: 2 } },
      { id: 5, note: { more: 2 } },
    ].map((record) => JSON.stringify(record)),
  )
  await read({ rules: { ...written, onSchemaChange: 'quarantine' } })
  expect(await rows('id')).toEqual([1n, 5n])
  expect(await refused()).toEqual([
    '1 schema: field to.city is not known to the data set',
    '2 schema: field lines[].a b is not known to the data set',
    '3 schema: field to.near.mi is not known to the data set',
  ])
  const worker = await kit.startWorker(topic, {
    ...{ untilCaughtUp: true, group: 'stopping', allowsAnotherGroup: true },
    rules: { ...written, onSchemaChange: 'stop' },
  })
  await worker.source.assign(0)
  expect(await worker.ended).toMatchObject({
    code: 'RECORD_INVALID',
    message: expect.stringMatching(/users\/0 at 1: schema: field to\.city is not known/),
  })
})

it('an empty object or list says nothing of its type: the column comes with the first value', async () => {
  const options = inferredFrom({ id: 1, to: { zip: 'a' } })
  await read(
    options,
    { id: 1, o: {}, l: [], to: { zip: 'a', near: {}, all: [[]] } },
    { id: 2, l: [null], o: { a: {} } },
  )
  expect((await columns()).map(({ name }) => name)).toEqual(['id', 'to'])
  await read(
    options,
    { id: 3, o: { a: { b: 1 } }, l: [{ n: 1 }], to: { near: { km: 1 }, all: [[1]] } },
    { id: 4, o: {}, l: [] },
  )
  const own = 'o.a.b, l[1].n, "to".near.km, "to"."all"[1][1], len(l)'
  expect(await rows(`concat_ws(' ', id, ${own})`)).toEqual(['1', '2', '3 1 1 1 1 1', '4 0'])
  expect(await refused()).toEqual([])
})
