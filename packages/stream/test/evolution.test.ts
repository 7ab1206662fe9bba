import { type Metadata, openTable, schemaOf, timePartColumn } from '@millrace/delta'
import { replayQuarantine } from '@millrace/outputs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Kit, openKit, USERS, userRecord, type WorkerOptions } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

const withFields = (ind: number, more: object) => JSON.stringify({ ...JSON.parse(userRecord(ind)), ...more })

async function readAll(topic: MemoryTopic, options: WorkerOptions): Promise<'done' | Error> {
  const worker = await kit.startWorker(topic, { untilCaughtUp: true, ...options })
  await worker.source.assign(0)
  return worker.ended
}

const EVOLVE: WorkerOptions = { rules: { onSchemaChange: 'evolve' } }

const column = (sql: string) => kit.column(USERS, sql)
const refused = () => kit.column(`${USERS}_quarantine`, `"offset" || ' ' || reason`)

async function metadata(): Promise<Metadata> {
  const table = await openTable({ store: kit.store, path: USERS })
  if (!table) throw new Error('there is no table')
  return table.metadata
}

/** Returns the versions of the table whose commits changed its columns, with how many rows came with each. */
async function columnCommits(): Promise<{ readonly files: number; readonly progress: number }[]> {
  const table = await openTable({ store: kit.store, path: USERS })
  const commits = []
  for (let version = 1; version <= (table?.version ?? 0); version++) {
    const bytes = await kit.store.get(`${USERS}/_delta_log/${String(version).padStart(20, '0')}.json`)
    const entries = Buffer.from(bytes ?? [])
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    const count = (action: string) => entries.filter((entry) => action in entry).length
    if (count('metaData') > 0) commits.push({ files: count('add'), progress: count('txn') })
  }
  return commits
}

it('a new field becomes a column, in the commit of the rows that have it', async () => {
  const topic = memoryTopic('users', 1)
  topic.send(
    0,
    userRecord(1),
    withFields(2, { score: 7 }),
    withFields(3, { score: 8, tags: { a: ['x'] }, SCORE: 'no' }),
  )
  expect(await readAll(topic, EVOLVE)).toBe('done')
  topic.send(0, withFields(4, { score: 9.5 }), withFields(5, { at: '2026-01-31T12:00:00Z' }), userRecord(6))
  expect(await readAll(topic, EVOLVE)).toBe('done')
  expect(await column("ind || ' ' || coalesce(score::VARCHAR, '-')")).toEqual(['1 -', '2 7', '5 -', '6 -'])
  expect(await column('"at" IS NULL')).toEqual([false, true, true, true])
  expect(await columnCommits()).toEqual([
    { files: 1, progress: 1 },
    { files: 1, progress: 1 },
  ])
  const types = schemaOf(await metadata()).fields
  expect(types.slice(-2).map(({ name, type }) => [name, type])).toEqual([
    ['score', 'long'],
    ['at', 'timestamp'],
  ])
  expect(await refused()).toEqual([
    "2 schema: field SCORE can't become a column: another one has that name in other letter case or other signs",
    '3 wrong type in field score',
  ])
})

it('what is reported of a batch is what became of it: a field that came is not unknown, and each rejected record counts', async () => {
  const topic = memoryTopic('users', 1)
  topic.send(0, withFields(1, { score: 7 }))
  expect(await readAll(topic, EVOLVE)).toBe('done')
  topic.send(0, withFields(2, { score: 'none' }), withFields(3, { score: 8 }))
  const worker = await kit.startWorker(topic, { untilCaughtUp: true, ...EVOLVE })
  await worker.source.assign(0)
  expect(await worker.ended).toBe('done')
  expect(await refused()).toEqual(['1 wrong type in field score'])
  const counts = worker.events.flatMap((news) => (news.what === 'committed' ? [[news.rows, news.quarantined]] : []))
  expect(counts).toEqual([[1, 1]])
  expect(worker.events).not.toContainEqual(expect.objectContaining({ what: 'unknown fields' }))
})

it('a field that has been null so far is no column yet: its first value says the type', async () => {
  const topic = memoryTopic('users', 1)
  topic.send(0, withFields(1, { score: null }), withFields(2, { score: null, at: '2026-01-31T12:00:00Z' }))
  expect(await readAll(topic, EVOLVE)).toBe('done')
  expect(schemaOf(await metadata()).fields.map(({ name }) => name)).not.toContain('score')
  topic.send(0, withFields(3, { score: null }), withFields(4, { score: 9.5 }), '{"ind":5,"score" : null }')
  expect(await readAll(topic, EVOLVE)).toBe('done')
  expect(schemaOf(await metadata()).fields.at(-1)).toMatchObject({ name: 'score', type: 'double' })
  expect(await column("ind || ' ' || coalesce(score::VARCHAR, '-')")).toEqual(['1 -', '2 -', '3 -', '4 9.5', '5 -'])
  expect(await refused()).toEqual([])
})

it('a nested value becomes a struct, which grows', async () => {
  const topic = memoryTopic('users', 1)
  topic.send(0, withFields(1, { to: { zip: '1', lines: [{ n: 1 }] } }))
  expect(await readAll(topic, EVOLVE)).toBe('done')
  topic.send(0, withFields(2, { to: { city: 'Ulm', lines: [{ n: 2, sku: 'a' }] } }))
  expect(await readAll(topic, EVOLVE)).toBe('done')
  expect(await column('to_json("to")::VARCHAR')).toEqual([
    '{"zip":"1","lines":[{"n":1,"sku":null}],"city":null}',
    '{"zip":null,"lines":[{"n":2,"sku":"a"}],"city":"Ulm"}',
  ])
  expect(await refused()).toEqual([])
})

it('two workers that meet a new field at once agree, through kills: each row once, one column', async () => {
  const topic = memoryTopic('users', 2)
  const points = ['staged', 'uploaded', 'committed']
  for (const [round, point] of points.entries()) {
    const base = round * 100
    for (let i = 0; i < 20; i++) {
      topic.send(0, withFields(base + i, { [`f${round}`]: i }))
      topic.send(1, withFields(base + 50 + i, { [`f${round}`]: round === 1 ? String(i) : i }))
    }
    const doomed = await kit.startWorker(topic, { ...EVOLVE, crashAt: { point }, untilCaughtUp: true })
    const other = await kit.startWorker(topic, { ...EVOLVE, untilCaughtUp: true })
    await Promise.all([doomed.source.assign(0), other.source.assign(1)])
    // Where the other one was faster with the column, the batch that dies may have been dropped before.
    await doomed.ended
    expect(await other.ended).toBe('done')
    const last = await kit.startWorker(topic, { ...EVOLVE, untilCaughtUp: true })
    await last.source.assign(0, 1)
    expect(await last.ended).toBe('done')
  }
  const inds = points.flatMap((_, round) =>
    Array.from({ length: 20 }, (__, i) => [round * 100 + i, round * 100 + 50 + i]),
  )
  expect(await column('ind')).toEqual(inds.flat().toSorted((a, b) => a - b))
  for (const round of points.keys()) {
    const wrong = `ind // 100 = ${round} AND f${round}::INTEGER IS DISTINCT FROM (ind % 50)`
    expect(await column(`CASE WHEN ${wrong} THEN ind END`)).toEqual(inds.flat().map(() => null))
  }
  expect(await refused()).toEqual([])
})

it('the other policies pass a new field over, reject its records, or stop before them', async () => {
  const topic = memoryTopic('users', 1)
  topic.send(0, userRecord(1), withFields(2, { score: 7 }), userRecord(3))
  expect(await readAll(topic, { group: 'ignoring' })).toBe('done')
  expect(await column('ind')).toEqual([1, 2, 3])
  const others = { allowsAnotherGroup: true }
  expect(await readAll(topic, { ...others, group: 'strict', rules: { onSchemaChange: 'quarantine' } })).toBe('done')
  expect(await column('ind')).toEqual([1, 1, 2, 3, 3])
  expect(await refused()).toEqual(['1 schema: field score is not known to the data set'])
  expect(await readAll(topic, { ...others, group: 'stopping', rules: { onSchemaChange: 'stop' } })).toMatchObject({
    code: 'RECORD_INVALID',
    message: expect.stringMatching(/users\/0 at 1: schema: field score is not known/),
  })
  expect(await column('ind')).toEqual([1, 1, 2, 3, 3])
})

it('a replay of rejected records takes columns too, and keeps what a column can not hold', async () => {
  const topic = memoryTopic('users', 1)
  const dirty = (ind: number, more: object) => withFields(ind, { age: 'old', ...more })
  topic.send(0, withFields(1, { score: 7 }))
  expect(await readAll(topic, EVOLVE)).toBe('done')
  topic.send(0, dirty(2, { score: 'x' }), dirty(3, { score: 8, level: 2 }))
  expect(await readAll(topic, EVOLVE)).toBe('done')
  expect((await refused()).length).toBe(2)
  const parts = await kit.replayParts()
  const fields = parts.dataset.fields.map((field) =>
    field.name === 'age' ? { ...field, type: 'text' as const } : field,
  )
  const sql = parts.dataset.sql.replace('  age,', '  try_cast(age AS INTEGER) AS age,')
  const dataset = { ...parts.dataset, fields, sql, onSchemaChange: 'evolve' as const }
  expect(await replayQuarantine({ ...parts, dataset })).toEqual({ replayed: 1, stillBad: 1 })
  expect(await column("concat_ws(' ', ind, score, level)")).toEqual(['1 7', '3 8 2'])
  expect(await replayQuarantine({ ...parts, dataset })).toEqual({ replayed: 0, stillBad: 1 })
})

it('a producer that makes up names does not make columns without end, nor stops the worker', async () => {
  const topic = memoryTopic('users', 1)
  for (let i = 0; i < 1_100; i++) topic.send(0, withFields(i, { [`n${i}`]: i }))
  topic.send(0, withFields(2_000, { millrace_failed: 1 }), withFields(2_001, { '': 1 }), userRecord(2_002))
  topic.send(0, '{"ind": 5, "bad": ', '[{"x":1}]', '{"a\\u0062": 1, "ind": 2003}')
  expect(await readAll(topic, EVOLVE)).toBe('done')
  expect(schemaOf(await metadata()).fields.length).toBeLessThanOrEqual(1_000)
  const rows = (await column('ind')).length
  expect(rows + (await refused()).length).toBe(1_106)
  expect(await column('CASE WHEN ind = 2002 THEN 1 END')).toContain(1)
})

it('each record with a field that is unknown is rejected by that policy, however many names there are', async () => {
  const topic = memoryTopic('users', 1)
  for (let i = 0; i < 1_100; i++) topic.send(0, withFields(i, { [`n${i}`]: i }))
  topic.send(0, userRecord(2_000))
  expect(await readAll(topic, { rules: { onSchemaChange: 'quarantine' } })).toBe('done')
  expect(await column('ind')).toEqual([2_000])
  expect((await refused()).length).toBe(1_100)
})

it('a new field does not fill the column of a day that the table fills by itself', async () => {
  const topic = memoryTopic('users', 1)
  const timeParts = [timePartColumn('date_joined_day', 'day', 'date_joined')]
  const layout = { partitionBy: ['date_joined_day'], timeParts, sortBy: [] }
  topic.send(0, userRecord(1), withFields(2, { date_joined_day: '1999-01-01' }), userRecord(3))
  expect(await readAll(topic, { rules: { onSchemaChange: 'evolve', layout } })).toBe('done')
  expect(await column("ind || ' ' || date_joined_day")).toEqual(['1 2016-01-01', '3 2016-01-01'])
  expect(await refused()).toEqual(["1 schema: field date_joined_day can't become a column: a column has that name"])
})
