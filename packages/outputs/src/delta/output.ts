import { discardStaged, type Metadata, partitionsOf, type StagedFile } from '@millrace/delta'
import { newTableOf } from '@millrace/transform'
import { type LedgerEntry, ledgerInfo } from '../ledger/ledger.ts'
import type { Output, OutputContext, Prepared } from '../output.ts'
import { firstStarts } from './first-starts.ts'
import { openKeyedDelta } from './keyed-output.ts'
import { maintenanceTasks } from './maintenance.ts'
import { nullColumns } from './null-columns.ts'
import { openProgressTable } from './progress-table.ts'
import { sizeOf } from './size.ts'
import { createUploads } from './uploads.ts'

interface PreparedFiles extends Prepared {
  readonly staged: readonly StagedFile[]
  /** The table's metadata that they are for, where columns may have come with the rows. */
  readonly stagedFor?: Metadata
  readonly ledger: readonly LedgerEntry[]
}

/** Clean rows in a Delta table: the files of a batch and the progress of its partitions are one entry of the log. */
export async function openDelta(context: OutputContext): Promise<Output> {
  const { store, table: path, dataset, group, machine } = context
  if (dataset.keyed) return openKeyedDelta(context, dataset.keyed)
  const { runtime } = machine
  const evolves = dataset.onSchemaChange === 'evolve'
  // A field that is gone is NULL from then on.
  const without = evolves ? [] : await nullColumns({ store, path }, dataset, context.nullColumns)
  const table = await openProgressTable({
    ref: { store, path },
    ...{ group, wanted: { ...newTableOf(dataset), keepsColumns: evolves }, runtime },
  })
  runtime.crashPoint('anchor opened')
  const uploads = createUploads(table.ref, runtime)
  const output: Output = {
    name: path,
    begin: (partitions) => table.begin(partitions),
    ...(evolves && {
      evolving: () => table.snapshot(),
      addColumns: (prepared: Prepared) => table.addColumns((prepared as PreparedFiles).stagedFor),
    }),
    async prepare(batch): Promise<PreparedFiles> {
      const { files: staged, stagedFor } = evolves
        ? await batch.evolving(table.snapshot())
        : { files: await batch.parquet(table.snapshot()), stagedFor: undefined }
      const { ledger } = await batch.report()
      const fileBytes = staged.reduce((sum, { add }) => sum + add.size, 0)
      const files = { files: staged.length, fileBytes, isEmpty: staged.length === 0 }
      const isPartitioned = table.snapshot().metadata.partitionColumns.length > 0
      const partitions = partitionsOf(staged.map(({ add }) => add))
      return { staged, ...(stagedFor && { stagedFor }), ledger, ...files, ...(isPartitioned && { partitions }) }
    },
    upload: (prepared) => uploads((prepared as PreparedFiles).staged),
    async discard(prepared) {
      await Promise.all((prepared as PreparedFiles).staged.map(discardStaged))
    },
    async commit(prepared, advances) {
      const fence = prepared ? undefined : await firstStarts(table, advances, context)
      const files = prepared as PreparedFiles | undefined
      const { staged, ledger, stagedFor } = files ?? { staged: [], ledger: [], stagedFor: undefined }
      const info = prepared && ledgerInfo(group, dataset, ledger)
      const columns = staged.length > 0 && stagedFor ? { stagedFor } : {}
      const change = { files: staged, ...columns, advances, ...(fence && { fence }), ...(info && { info }) }
      const { outcome } = await table.commit(change)
      return outcome === 'committed' ? { outcome, version: table.snapshot().version } : { outcome: 'fenced' }
    },
    maintenance: maintenanceTasks(() => table, machine),
    describe: () => sizeOf(table, without),
    close: async () => {},
  }
  return output
}
