import { systemRuntime } from '@millrace/base'
import { commit, openTable, schemaOf } from '@millrace/delta'
import type { Dataset, Keyed } from '@millrace/transform'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Kit, openKit, USERS, userRecord, type WorkerOptions } from './kit.ts'
import { type MemoryTopic, memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

const rules = (more: Partial<Keyed> = {}): Partial<Dataset> => ({
  onSchemaChange: 'evolve',
  keyed: {
    ...{ mode: 'upsert', key: ['ind'], sequenceBy: [], deleteWhen: 'age = 99' },
    ...{ notKept: [], ignoreEqual: false, tombstoneRetentionMs: 3_600_000, ...more },
  },
})

const user = (ind: number, more: object = {}) => JSON.stringify({ ...JSON.parse(userRecord(ind)), ...more })

async function readAll(topic: MemoryTopic, options: WorkerOptions): Promise<void> {
  const worker = await kit.startWorker(topic, { untilCaughtUp: true, ...options })
  await worker.source.assign(0)
  expect(await worker.ended).toBe('done')
}

async function table() {
  const snapshot = await openTable({ store: kit.store, path: USERS })
  if (!snapshot) throw new Error('there is no table')
  return snapshot
}

/** Lets changes mark rows, so that their files stay. */
async function markRows(): Promise<void> {
  const snapshot = await table()
  const features = {
    readerFeatures: ['deletionVectors'],
    writerFeatures: ['deletionVectors', 'appendOnly', 'invariants'],
  }
  const configuration = { ...snapshot.metadata.configuration, 'delta.enableDeletionVectors': 'true' }
  const transaction = {
    operation: 'SET TBLPROPERTIES',
    protocol: { minReaderVersion: 3, minWriterVersion: 7, ...features },
    metadata: { ...snapshot.metadata, configuration },
  }
  expect(await commit(snapshot, transaction, systemRuntime)).toMatchObject({ outcome: 'committed' })
}

const shown = "ind || ' ' || age || ' ' || coalesce(score::VARCHAR, '-')"

describe.each(['files that are copied', 'rows that are marked'])('a keyed table of %s', (kind) => {
  it('gets a column for a new field, NULL in the rows that have none', async () => {
    const topic = memoryTopic('users', 1)
    topic.send(0, user(1), user(2), user(3), user(4))
    await readAll(topic, { rules: rules() })
    if (kind === 'rows that are marked') await markRows()
    topic.send(0, user(1, { score: 7 }), user(5, { score: 8, age: 31 }), user(2, { age: 99, score: 1 }))
    await readAll(topic, { rules: rules() })
    expect(await kit.column(USERS, shown)).toEqual(['1 30 7', '3 30 -', '4 30 -', '5 31 8'])
    topic.send(0, user(1), user(3, { score: 'none' }), user(5, { to: { zip: '1' } }))
    await readAll(topic, { rules: rules() })
    expect(await kit.column(USERS, shown)).toEqual(['1 30 -', '3 30 -', '4 30 -', '5 30 -'])
    expect(await kit.column(USERS, '("to").zip')).toEqual(['1', null, null, null])
    expect(await kit.column(`${USERS}_quarantine`, 'reason')).toEqual(['wrong type in field score'])
  })
})

it('a change without the field is not equal to a row that has it', async () => {
  const topic = memoryTopic('users', 1)
  topic.send(0, user(1, { score: 7 }), user(2, { score: 7 }))
  await readAll(topic, { rules: rules({ ignoreEqual: true }) })
  topic.send(0, user(1))
  await readAll(topic, { rules: rules({ ignoreEqual: true }) })
  expect(await kit.column(USERS, shown)).toEqual(['1 30 -', '2 30 7'])
})

it('a column that is not kept still says which change deletes', async () => {
  const gone = { name: 'gone', type: 'boolean', nullable: true, metadata: {} }
  const sql = `SELECT ind, first_name AS user_name, age, date_joined, first_name = 'gone' AS gone FROM raw`
  const deleting = { ...rules({ deleteWhen: 'gone', notKept: [gone] }), sql }
  const topic = memoryTopic('users', 1)
  topic.send(0, user(1, { score: 7 }), user(2, { score: 8 }), user(3, { GONE: 1 }))
  await readAll(topic, { rules: deleting })
  topic.send(0, user(1, { first_name: 'gone', score: 9 }))
  await readAll(topic, { rules: deleting })
  expect(await kit.column(USERS, shown)).toEqual(['2 30 8'])
  expect(await kit.column(`${USERS}_quarantine`, 'reason')).toEqual([
    "schema: field GONE can't become a column: a column has that name",
  ])
})

it('a history has the column in the versions that have the field, and keeps the names of its own', async () => {
  const history = rules({ mode: 'history', sequenceBy: ['date_joined'] })
  const topic = memoryTopic('users', 1)
  const at = (day: number) => ({ date_joined: `2016-01-0${day} 00:00:00` })
  topic.send(0, user(1, at(1)), user(2, at(1)))
  await readAll(topic, { rules: history })
  topic.send(0, user(1, { ...at(3), score: 7 }), user(2, { ...at(2), __valid_to: 1 }))
  await readAll(topic, { rules: history })
  const version = `${shown} || ' ' || day("__valid_from") || ' ' || coalesce(day("__valid_to")::VARCHAR, 'now')`
  expect(await kit.column(USERS, version)).toEqual(['1 30 - 1 3', '1 30 7 3 now', '2 30 - 1 now'])
  expect(await kit.column(`${USERS}_quarantine`, 'reason')).toEqual([
    "schema: field __valid_to can't become a column: a column has that name",
  ])
  topic.send(0, user(1, { ...at(2), score: 5 }))
  await readAll(topic, { rules: history })
  expect(await kit.column(USERS, version)).toEqual(['1 30 - 1 2', '1 30 5 2 3', '1 30 7 3 now', '2 30 - 1 now'])
  const names = schemaOf((await table()).metadata).fields.map(({ name }) => name)
  expect(names.slice(-3)).toEqual(['__valid_from', '__valid_to', 'score'])
})

it('two workers that meet a new field at once agree, through kills', async () => {
  const topic = memoryTopic('users', 2)
  const points = ['staged', 'tombstones written', 'changes uploaded', 'committed']
  for (const [round, point] of points.entries()) {
    for (let i = 0; i < 20; i++) {
      topic.send(0, user(i, { [`f${round}`]: i, age: round }))
      topic.send(1, user(50 + i, { [`f${round}`]: round === 1 ? String(i) : i, age: round }))
    }
    const doomed = await kit.startWorker(topic, { rules: rules(), crashAt: { point }, untilCaughtUp: true })
    const other = await kit.startWorker(topic, { rules: rules(), untilCaughtUp: true })
    await Promise.all([doomed.source.assign(0), other.source.assign(1)])
    await doomed.ended
    expect(await other.ended).toBe('done')
    const last = await kit.startWorker(topic, { rules: rules(), untilCaughtUp: true })
    await last.source.assign(0, 1)
    expect(await last.ended).toBe('done')
    const wrong = `f${round}::INTEGER IS DISTINCT FROM (ind % 50) OR age <> ${round}`
    expect(await kit.column(USERS, `CASE WHEN ${wrong} THEN ind END`)).toEqual(Array(40).fill(null))
  }
  expect(await kit.column(`${USERS}_quarantine`, 'reason')).toEqual([])
})
