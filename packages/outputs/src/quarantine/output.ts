import type { StagedFile } from '@millrace/delta'
import { maintenanceTasks } from '../delta/maintenance.ts'
import { openProgressTable } from '../delta/progress-table.ts'
import { sizeOf } from '../delta/size.ts'
import { createUploads } from '../delta/uploads.ts'
import type { Output, OutputContext, Prepared } from '../output.ts'
import { heldOffsets } from './held-offsets.ts'
import { QUARANTINE_SCHEMA, quarantinePath, stageRejected } from './table.ts'

interface PreparedFile extends Prepared {
  readonly staged: readonly StagedFile[]
}

/** The rejected records of a data set in a Delta table beside its own, with their bytes and the reason. */
export async function openQuarantine({ store, table: of, group, machine }: OutputContext): Promise<Output> {
  const { engine, workFolder, runtime } = machine
  const path = quarantinePath(of)
  const description = `Records that may not enter ${of}`
  const table = await openProgressTable({
    ...{ group, runtime, description },
    ref: { store, path },
    schema: QUARANTINE_SCHEMA,
  })
  const uploads = createUploads(table.ref, runtime)
  return {
    name: path,
    begin: (partitions) => table.begin(partitions),
    async prepare(batch): Promise<PreparedFile> {
      const { rejected } = await batch.report()
      const staged = rejected.length === 0 ? [] : [await stageRejected(rejected, engine, workFolder, runtime)]
      const fileBytes = staged.reduce((sum, { add }) => sum + add.size, 0)
      return { staged, files: staged.length, fileBytes, isEmpty: staged.length === 0 }
    },
    upload: (prepared) => uploads((prepared as PreparedFile).staged),
    async commit(prepared, advances) {
      const files = (prepared as PreparedFile | undefined)?.staged ?? []
      const { outcome } = await table.commit({ files, advances })
      return outcome === 'committed' ? { outcome, version: table.snapshot().version } : { outcome: 'fenced' }
    },
    held: (partition) => heldOffsets(table, partition, group, engine),
    maintenance: maintenanceTasks(table, machine),
    describe: () => sizeOf(table),
    close: async () => {},
  }
}
