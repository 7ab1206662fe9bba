import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { systemRuntime } from '@millrace/base'
import { openOrCreate } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { memoryStore } from '@millrace/store'
import { createCleaner, loadDataset } from '@millrace/transform'
import { joinedLines } from '../pins/joined-lines.ts'

const DATASETS = fileURLToPath(new URL('../../examples/pinterest/datasets', import.meta.url))

/** Returns the work of cleaning these raw pins, one batch after another, into Parquet, for each of so many data sets. */
export async function cleaningOf(lines: string, folder: string, datasets = 1): Promise<() => Promise<void>> {
  const batches = [...joinedLines(Buffer.from(lines))]
  const dataset = await loadDataset('pin', [DATASETS])
  const engine = await openDuckDB({ files: 'all' })
  const cleaner = createCleaner({ engine, workFolder: folder, runtime: systemRuntime })
  const snapshot = await openOrCreate({ store: memoryStore(), path: 'pin' }, { schema: dataset.schema }, systemRuntime)
  const copies = Array.from({ length: datasets }, (_, i) => ({ ...dataset, name: `pin_${i}` }))
  return async () => {
    for (const copy of copies) {
      for (const batch of batches) {
        const { files } = await cleaner.cleanIntoFiles(copy, [batch], { snapshot })
        for (const file of files) await rm(file.localPath)
      }
    }
  }
}
