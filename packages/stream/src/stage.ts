import type { Runtime } from '@millrace/base'
import { type DuckDB, type StagedFile, stageRows } from '@millrace/lake'
import { type Dataset, withCleanRows } from '@millrace/transform'
import type { Batch } from './batch.ts'
import type { KnownBad } from './known-bad.ts'
import { type LedgerEntry, ledgerEntry } from './ledger.ts'
import type { PipelineTables } from './tables.ts'

/** A batch cleaned and written to this machine, ready to go up. */
export interface StagedBatch {
  readonly files: readonly StagedFile[]
  readonly badFiles: readonly StagedFile[]
  readonly rows: number
  readonly ledger: readonly LedgerEntry[]
  readonly quarantined: number
}

export interface StageParts {
  readonly dataset: Dataset
  readonly tables: PipelineTables
  readonly engine: DuckDB
  readonly workFolder: string
  readonly runtime: Runtime
}

export async function stageBatch(batch: Batch, known: KnownBad, parts: StageParts): Promise<StagedBatch> {
  const { dataset, tables, engine, workFolder, runtime } = parts
  const unknown = batch.blocks.map((block) => known.without(block))
  const connection = await engine.connect()
  try {
    const blocks = unknown.map(({ block }) => block)
    const { metadata } = tables.anchor.snapshot()
    const columns = dataset.schema.fields.map(({ name }) => name)
    const { files, rows } = await withCleanRows(dataset, blocks, workFolder, runtime, async (query) => {
      const files = await stageRows(connection, query, metadata, workFolder, runtime, { columns })
      return { files, rows: files.reduce((sum, file) => sum + file.rows, 0n) }
    })
    runtime.crashPoint('staged')
    const quarantined = unknown.reduce((sum, { known }) => sum + known, 0)
    const ledger = batch.advances.map((advance) => ledgerEntry(advance, { quarantined: 0, filtered: 0 }))
    return { files, badFiles: [], rows: Number(rows), ledger, quarantined }
  } finally {
    connection.closeSync()
  }
}
