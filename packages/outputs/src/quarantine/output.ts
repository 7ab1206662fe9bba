import { openTable, type StagedFile } from '@millrace/delta'
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

/**
 * The rejected records of a data set in a Delta table beside its own, with their bytes and the reason. For one of many
 * tables it is made with the first of them: most of a thousand topics never have one.
 */
export async function openQuarantine({
  store,
  table: of,
  group,
  machine,
  isOneOfMany = false,
}: OutputContext): Promise<Output> {
  const { engine, workFolder, runtime } = machine
  const path = quarantinePath(of)
  const description = `Records that may not enter ${of}`
  const ref = { store, path }
  const make = () => openProgressTable({ group, runtime, ref, wanted: { description, schema: QUARANTINE_SCHEMA } })
  let table = !isOneOfMany || (await openTable(ref)) ? await make() : undefined
  const uploads = createUploads(ref, runtime)
  return {
    name: path,
    async begin(partitions) {
      // Another worker may have made it.
      table ??= (await openTable(ref)) && (await make())
      return table ? table.begin(partitions) : { positions: new Map(), ofKnownTopics: new Set() }
    },
    async prepare(batch): Promise<PreparedFile> {
      const { rejected } = await batch.report()
      const staged = rejected.length === 0 ? [] : [await stageRejected(rejected, engine, workFolder, runtime)]
      const fileBytes = staged.reduce((sum, { add }) => sum + add.size, 0)
      return { staged, files: staged.length, fileBytes, isEmpty: staged.length === 0 }
    },
    upload: (prepared) => uploads((prepared as PreparedFile).staged),
    async commit(prepared, advances) {
      const files = (prepared as PreparedFile | undefined)?.staged ?? []
      table ??= await make()
      const { outcome } = await table.commit({ files, advances })
      return outcome === 'committed' ? { outcome, version: table.snapshot().version } : { outcome: 'fenced' }
    },
    held: async (partition) => table && heldOffsets(table, partition, group, engine),
    maintenance: maintenanceTasks(() => table, machine),
    describe: () => (table ? sizeOf(table) : { table: path, version: -1, files: 0, bytes: 0, rows: 0 }),
    close: async () => {},
  }
}
