import { join } from 'node:path'
import { judgeAppend, judgeStats, sparkSql, sparkStats, withServices } from '@millrace/testkit'
import { expect, vi } from 'vitest'
import { appendRows, writeCheckpoint } from '../src/index.ts'
import { column, committed, openTestTables, reopened, struct } from './test-tables.ts'

const it = withServices('judge', 'spark')

const COMMITS = process.env.MILLRACE_FULL === '1' ? 300 : 12
vi.setConfig({ testTimeout: 300_000 + COMMITS * 10_000 })

it(`of ${COMMITS} commits by Millrace, delta-rs and Spark in turn none is lost`, async ({ judge, spark }) => {
  const testTables = await openTestTables()
  try {
    let snapshot = await testTables.create({ schema: struct(column('id', 'long'), column('by', 'string')) })
    const table = join(testTables.lake, snapshot.table.path)
    const writers = [
      async (id: number) => {
        // Ours never looks first: it knows only its own last commit.
        snapshot = await committed(appendRows(snapshot, `SELECT ${id} AS id, 'millrace' AS by`, testTables))
        if (id % 20 === 0) await writeCheckpoint(snapshot, testTables)
      },
      (id: number) => judgeAppend(judge, { table, rows: [{ id, by: 'delta-rs' }] }),
      (id: number) => sparkSql(spark, `INSERT INTO delta.\`${table}\` VALUES (${id}, 'spark')`),
    ]
    for (let id = 0; id < COMMITS; id++) await writers[id % 3]?.(id)

    const sum = ((COMMITS - 1) * COMMITS) / 2
    const last = await reopened(snapshot)
    expect(last.version).toBe(COMMITS)
    expect(
      await testTables.ask(last, 'SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(id) AS sum FROM rows'),
    ).toEqual([{ n: String(COMMITS), ids: String(COMMITS), sum: String(sum) }])
    for (const stats of [await judgeStats(judge, { table }), await sparkStats(spark, { table })]) {
      expect(stats).toMatchObject({ version: COMMITS, rows: COMMITS, columns: { id: { sum } } })
    }
  } finally {
    await testTables.close()
  }
})
