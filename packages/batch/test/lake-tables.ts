import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joinValues, systemRuntime } from '@millrace/base'
import { appendRows, openOrCreate } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset, withCleanRows } from '@millrace/transform'
import { DATASETS, post } from './kit.ts'

/** Appends posts to the lake's tables as the stream does: clean, and as often as they come. */
export async function generateLakeTables(lake: string) {
  const store = await openLake(lake)
  return async (inds: readonly number[]): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-test-'))
    const engine = await openDuckDB()
    try {
      for (const name of DATASETS) {
        const dataset = await loadDataset(name, [PINTEREST.datasets])
        const snapshot = await openOrCreate({ store, path: name }, { schema: dataset.schema }, systemRuntime)
        const block = joinValues(inds.map((ind) => Buffer.from(JSON.stringify(post(ind)[name]))))
        const parts = { engine, workFolder: folder, runtime: systemRuntime }
        await withCleanRows(dataset, [block], parts, async (query, connection) => {
          await appendRows(snapshot, query, { connection, folder, runtime: systemRuntime })
          return { result: undefined, rows: query, discard: async () => {} }
        })
      }
    } finally {
      engine.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
