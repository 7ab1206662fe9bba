import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joinValues, systemRuntime } from '@millrace/base'
import { commit, committedOrThrow, openOrCreate, uploadAll } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { PINTEREST } from '@millrace/testkit'
import { createCleaner, loadDataset } from '@millrace/transform'
import { DATASETS, post } from './kit.ts'

/** Appends posts to the lake's tables as the stream does: clean, and as often as they come. */
export async function generateLakeTables(lake: string) {
  const store = await openLake(lake)
  return async (inds: readonly number[]): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-test-'))
    const engine = await openDuckDB({ files: 'all' })
    const cleaner = createCleaner({ engine, workFolder: folder, runtime: systemRuntime })
    try {
      for (const name of DATASETS) {
        const dataset = await loadDataset(name, [PINTEREST.datasets])
        const snapshot = await openOrCreate({ store, path: name }, { schema: dataset.schema }, systemRuntime)
        const block = joinValues(inds.map((ind) => Buffer.from(JSON.stringify(post(ind)[name]))))
        const { files } = await cleaner.cleanIntoFiles(dataset, [block], { snapshot })
        await uploadAll(snapshot.table, files)
        const add = files.map((file) => file.add)
        const transaction = { operation: 'WRITE', parameters: { mode: 'Append' }, add }
        committedOrThrow(await commit(snapshot, transaction, systemRuntime))
      }
    } finally {
      engine.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
