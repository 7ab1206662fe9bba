import type { Runtime } from '@millrace/base'
import { type DuckDB, type StagedFile, stageParquet } from '@millrace/lake'
import { type Dataset, withCleanRows } from '@millrace/transform'
import type { Batch } from './batch.ts'
import type { KnownBad } from './known-bad.ts'
import { type LedgerEntry, ledgerEntry } from './ledger.ts'

/** A batch cleaned and written to this machine, ready to go up. */
export interface StagedBatch {
  readonly rows: StagedFile
  readonly bad: StagedFile | undefined
  readonly ledger: readonly LedgerEntry[]
  readonly quarantined: number
}

export interface StageParts {
  readonly dataset: Dataset
  readonly group: string
  readonly engine: DuckDB
  readonly workFolder: string
  readonly runtime: Runtime
}

export async function stageBatch(batch: Batch, known: KnownBad, parts: StageParts): Promise<StagedBatch> {
  const { dataset, engine, workFolder, runtime } = parts
  const unknown = batch.blocks.map((block) => known.without(block))
  const connection = await engine.connect()
  try {
    const blocks = unknown.map(({ block }) => block)
    const rows = await withCleanRows(dataset, blocks, workFolder, runtime, (query) =>
      stageParquet(connection, query, dataset.schema, workFolder, runtime),
    )
    runtime.crashPoint('staged')
    const quarantined = unknown.reduce((sum, { known }) => sum + known, 0)
    const ledger = batch.advances.map((advance) => ledgerEntry(advance, { quarantined: 0, filtered: 0 }))
    return { rows, bad: undefined, ledger, quarantined }
  } finally {
    connection.closeSync()
  }
}
