import { join } from 'node:path'
import { judgeStats, withServices } from '@millrace/testkit'
import { expect, vi } from 'vitest'
import {
  appendRows,
  optimizeTable,
  replaceRows,
  restoreTable,
  tableHistory,
  vacuumTable,
  writeCheckpoint,
} from '../src/index.ts'
import { openTestLake } from './s3-lake.ts'
import { column, committed, EVERY_ROW, openTestTables, reopened, struct } from './test-tables.ts'

const it = withServices('judge', 's3')
vi.setConfig({ testTimeout: 300_000 })

const schema = struct(column('id', 'long'), column('kind', 'string'))
const rows = (from: number, to: number) => `SELECT i AS id, 'ü/ ' || i % 2 AS kind FROM range(${from}, ${to}) t(i)`

it('a table on S3 is to delta-rs and polars what it is to us, whatever was done to it', async ({ judge, s3 }) => {
  const testTables = await openTestTables((folder) => openTestLake(s3, { cache: { folder: join(folder, 'cache') } }))
  try {
    let snapshot = await testTables.create({ schema, partitionColumns: ['kind'] })
    const table = `${testTables.store.url.split('?')[0]}/${snapshot.table.path}`
    const same = async (what: string) => {
      snapshot = await reopened(snapshot)
      const [ours] = await testTables.ask(snapshot, 'SELECT count(*)::INTEGER AS n, sum(id)::INTEGER AS ids FROM rows')
      for (const engine of ['delta-rs', 'polars'] as const) {
        const { version, rows: n, columns } = await judgeStats(judge, { table, s3, engine })
        expect({ version, n, ids: columns.id?.sum }, `${what}, by ${engine}`).toEqual({
          version: snapshot.version,
          ...ours,
        })
      }
    }
    for (let i = 0; i < 3; i++) snapshot = await committed(appendRows(snapshot, rows(i * 10, i * 10 + 10), testTables))
    await same('appended')
    const early = { op: '<', column: 'id', value: 5 } as const
    snapshot = await committed(replaceRows(snapshot, early, rows(3, 5), testTables))
    snapshot = await committed(
      replaceRows(snapshot, { op: '=', column: 'kind', value: 'ü/ 1' }, rows(0, 0), testTables),
    )
    await same('replaced')
    snapshot = (await optimizeTable(snapshot, testTables)).snapshot
    await writeCheckpoint(snapshot, testTables)
    await same('optimized, with a checkpoint')
    snapshot = await committed(replaceRows(snapshot, EVERY_ROW, rows(50, 60), testTables))
    snapshot = await committed(restoreTable(snapshot, 3, testTables.runtime))
    await same('restored')
    const { keys } = await vacuumTable(snapshot, testTables, { retentionMs: -60_000, force: true })
    expect(keys.length).toBeGreaterThan(0)
    await same('vacuumed')
    expect(await tableHistory(snapshot.table)).toHaveLength(snapshot.version + 1)
  } finally {
    await testTables.close()
  }
})
