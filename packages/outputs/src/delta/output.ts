import { MillraceError } from '@millrace/base'
import type { StagedFile } from '@millrace/delta'
import type { Partition } from '@millrace/transport'
import { type AuditedCommit, auditedCommits } from '../ledger/audit.ts'
import { type LedgerEntry, ledgerInfo } from '../ledger/ledger.ts'
import type { Output, OutputContext, Prepared, StoredAdvance } from '../output.ts'
import { choresOf } from './maintenance.ts'
import { openProgressTable, type ProgressTable } from './progress-table.ts'
import { sizeOf } from './size.ts'
import { createUploads } from './uploads.ts'

interface PreparedFiles extends Prepared {
  readonly staged: readonly StagedFile[]
  readonly ledger: readonly LedgerEntry[]
}

/** Clean rows in a Delta table: the files of a batch and the progress of its partitions are one entry of the log. */
export async function openDelta({ store, table: path, dataset, group, machine }: OutputContext): Promise<Output> {
  const { runtime } = machine
  const { schema, description } = dataset
  const table = await openProgressTable({ ref: { store, path }, group, schema, description, runtime })
  runtime.crashPoint('anchor opened')
  const uploads = createUploads(table.ref, runtime)
  const output: Output = {
    name: path,
    begin: (partitions) => table.begin(partitions),
    async prepare(batch): Promise<PreparedFiles> {
      const staged = await batch.parquet(table.snapshot())
      const { ledger } = await batch.report()
      const fileBytes = staged.reduce((sum, { add }) => sum + add.size, 0)
      return { staged, ledger, files: staged.length, fileBytes, isEmpty: staged.length === 0 }
    },
    upload: (prepared) => uploads((prepared as PreparedFiles).staged),
    async commit(prepared, advances) {
      if (!prepared) await refuseLostProgress(table, group, advances)
      const { staged, ledger } = (prepared as PreparedFiles | undefined) ?? { staged: [], ledger: [] }
      const info = prepared && ledgerInfo(group, dataset, ledger)
      const isOurs = await table.commit({ files: staged, advances, ...(info && { info }) })
      return isOurs ? { outcome: 'committed', version: table.snapshot().version } : { outcome: 'fenced' }
    },
    maintenance: choresOf(table, machine),
    describe: () => sizeOf(table),
    close: async () => {},
  }
  return output
}

/** Refuses to store a first position where the table holds rows of the topic by us: to begin again would double them. */
async function refuseLostProgress(
  table: ProgressTable,
  group: string,
  advances: readonly StoredAdvance[],
): Promise<void> {
  const unknown = advances.filter(
    ({ partition, from }) => !from && !table.knows(partition) && !table.wasRewound(partition),
  )
  const topics = new Map(unknown.map(({ partition }) => [`${partition.topic} ${partition.identity}`, partition]))
  if (topics.size === 0) return
  for await (const { version, entries } of auditedCommits(table.ref)) {
    for (const partition of topics.values()) {
      if (!entries.some((entry) => entry.group === group && isOf(partition, entry))) continue
      throw new MillraceError(
        'PROGRESS_LOST',
        `${table.ref.path}: version ${version} holds records of ${partition.topic} that ${group} has committed, but the progress that went with them is gone`,
      )
    }
  }
}

function isOf({ topic, identity }: Partition, entry: AuditedCommit['entries'][number]): boolean {
  return entry.topic === topic && entry.identity === identity
}
