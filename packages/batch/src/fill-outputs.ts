import { openTable, planScan, withScan } from '@millrace/delta'
import { fillOutput } from '@millrace/outputs'
import { BATCH } from '@millrace/queries'
import type { Dataset } from '@millrace/transform'
import type { Manifest } from './manifest.ts'
import type { RunParts } from './parts.ts'
import { isOfRun } from './tables/clean-table.ts'

export interface Filling {
  /** Addresses of outputs; the lake's own tables are always written. */
  readonly outputs?: readonly string[]
  readonly tableOf: (dataset: string) => string
  readonly nullColumns: Readonly<Record<string, readonly string[]>>
}

/** The name under which outputs keep the progress of daily runs. */
const GROUP = 'batch'

/** Writes the clean rows of a run into the outputs besides the lake. */
export async function fillOutputs(
  dataset: Dataset,
  manifest: Manifest,
  { outputs = [], tableOf, nullColumns }: Filling,
  { lake, engine, workFolder, runtime }: RunParts,
): Promise<void> {
  const addresses = outputs.filter((address) => address !== 'delta')
  const snapshot =
    addresses.length === 0 ? undefined : await openTable({ store: lake, path: `${BATCH}/${dataset.name}` })
  if (!snapshot) return
  const scan = planScan(snapshot)
  const files = scan.files.filter((file) => isOfRun(file, manifest))
  const machine = { engine, workFolder, runtime }
  const context = { store: lake, table: tableOf(dataset.name), dataset, group: GROUP, machine }
  const { date, attempt } = manifest
  const connection = await engine.connect()
  try {
    for (const address of addresses) {
      await withScan({ ...scan, files }, connection, (sql) =>
        fillOutput(
          { ...context, address, nullColumns: nullColumns[dataset.name] ?? [] },
          { date, attempt, sql, connection },
        ),
      )
    }
  } finally {
    connection.closeSync()
  }
}
