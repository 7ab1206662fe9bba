import { join } from 'node:path'
import { openLake } from '@millrace/store'
import { judgeSql, judgeUpsert, sparkSql, withServices } from '@millrace/testkit'
import fc from 'fast-check'
import { expect, vi } from 'vitest'
import { optimizeTable, upsertRows } from '../src/index.ts'
import { column, openTestTables, reopened, struct } from './test-tables.ts'

const it = withServices('judge', 'spark')

/**
 * Each is a commit of Millrace, of delta-rs and of Spark at the same time. MILLRACE_ROUNDS: how many. MILLRACE_TABLE: a
 * folder whose table is gone on with where an earlier run has left it, such as for 300 commits in several runs.
 */
const ROUNDS = Number(process.env.MILLRACE_ROUNDS ?? (process.env.MILLRACE_FULL === '1' ? 100 : 3))
const { MILLRACE_TABLE: KEPT, MILLRACE_SEED: SEED = '17' } = process.env
vi.setConfig({ testTimeout: 300_000 + ROUNDS * 30_000 })

const KEYS = 30

interface Change {
  readonly id: number
  readonly value: number
  readonly gone: boolean
}

/** Each writer has keys of its own, in the same files: what the table ends with does not hang on who was first. */
const changesOf = (writer: number) =>
  fc
    .uniqueArray(fc.record({ id: fc.nat(KEYS / 3 - 1), value: fc.nat(1000), gone: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
      selector: ({ id }) => id,
    })
    .map((changes) => changes.map((change): Change => ({ ...change, id: 3 * change.id + writer })))

const CONFLICT = /concurrent|conflict/i

/** Does it again where another writer was faster, as programs of those engines have to. */
async function persistently(write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write()
      return
    } catch (error) {
      if (!CONFLICT.test((error as Error).message)) throw error
    }
  }
}

const valuesOf = (changes: readonly Change[]) => changes.map(({ id, value, gone }) => `(${id}L, ${value}L, ${gone})`)

it(`${3 * ROUNDS} commits that upsert and delete by Millrace, delta-rs and Spark at once are all there`, async ({
  judge,
  spark,
}) => {
  const testTables = await openTestTables(KEPT === undefined ? undefined : () => openLake(KEPT))
  try {
    const schema = struct(column('id', 'long'), column('value', 'long'), column('gone', 'boolean'))
    let snapshot = await testTables.create({ schema })
    const table = join(KEPT ?? testTables.lake, snapshot.table.path)
    const left = await testTables.ask(snapshot, 'SELECT id, value FROM rows')
    const model = new Map(left.map(({ id, value }) => [Number(id), Number(value)]))
    for (const round of fc.sample(fc.tuple(changesOf(0), changesOf(1), changesOf(2)), {
      numRuns: ROUNDS,
      seed: Number(SEED),
    })) {
      const [ours, theirs, sparks] = round
      await Promise.all([
        (async () => {
          const query = `SELECT * FROM (VALUES ${valuesOf(ours).join(', ').replaceAll('L,', ',')}) AS v(id, value, gone)`
          await upsertRows(snapshot, query, { key: ['id'], sequenceBy: [] }, testTables, { deleteWhen: 'gone' })
          snapshot = (await optimizeTable(await reopened(snapshot), testTables, { sortBy: ['id'] })).snapshot
        })(),
        persistently(() =>
          judgeUpsert(judge, {
            table,
            rows: [...theirs].map((each) => ({ ...each })),
            key: 'id',
            deleteWhen: 's.gone',
          }),
        ),
        persistently(() =>
          sparkSql(
            spark,
            `MERGE INTO delta.\`${table}\` AS t
             USING (SELECT * FROM VALUES ${valuesOf(sparks).join(', ')} AS v(id, value, gone)) AS s ON t.id = s.id
             WHEN MATCHED AND s.gone THEN DELETE WHEN MATCHED THEN UPDATE SET *
             WHEN NOT MATCHED AND NOT s.gone THEN INSERT *`,
          ),
        ),
      ])
      for (const { id, value, gone } of round.flat()) {
        if (gone) model.delete(id)
        else model.set(id, value)
      }
      snapshot = await reopened(snapshot)
      const rows = await testTables.ask(snapshot, 'SELECT id, value FROM rows ORDER BY id')
      const expected = [...model]
        .sort(([a], [b]) => a - b)
        .map(([id, value]) => ({ id: String(id), value: String(value) }))
      expect(rows).toEqual(expected)
    }
    const seen = await judgeSql(judge, { table, sql: 'SELECT count(*) AS rows, sum(value) AS total FROM t' })
    const total = [...model.values()].reduce((sum, value) => sum + value, 0)
    expect(seen).toEqual([{ rows: model.size, total }])
  } finally {
    await testTables.close()
  }
})
