import {
  changesIn,
  columnsToAdd,
  commitAnew,
  committedOrThrow,
  isRowRefusal,
  KEYED_BY,
  type NewTable,
  PASSING_CONFLICTS,
  planHistory,
  planUpsert,
  refuseRemoval,
  type Snapshot,
  type CommitResult as TableResult,
  type WriteContext,
  writeEdits,
} from '@millrace/delta'
import { DELETED, type Keyed, TRUNCATED } from '@millrace/transform'
import { type LedgerEntry, ledgerInfo } from '../ledger/ledger.ts'
import type { CommitResult, Output, OutputContext, Prepared, StoredAdvance } from '../output.ts'
import type { StagedChanges } from '../staged-changes.ts'
import { firstStarts } from './first-starts.ts'
import { keyedSchema, refuseOtherMode } from './history-table.ts'
import { maintenanceTasks } from './maintenance.ts'
import { nullColumns } from './null-columns.ts'
import { openProgressTable, type ProgressTable } from './progress-table.ts'
import { sizeOf } from './size.ts'
import { openTombstones, TOMBSTONES, type Tombstones } from './tombstones.ts'

interface PreparedChanges extends Prepared {
  readonly changes: StagedChanges
  readonly ledger: readonly LedgerEntry[]
}

/**
 * A Delta table with one row for each key, or with all versions of it. What a batch changes is found at its commit, when
 * all batches before it are in the table; files that go, files that come, deletion vectors and the progress are one
 * entry of the log.
 */
export async function openKeyedDelta(context: OutputContext, keyed: Keyed): Promise<Output> {
  const { store, table: path, dataset, group, machine } = context
  const { runtime } = machine
  const schema = keyedSchema(dataset, keyed)
  const evolves = dataset.onSchemaChange === 'evolve'
  // A field that is gone is NULL from then on.
  const without = evolves ? [] : await nullColumns({ store, path }, { ...dataset, schema }, context.nullColumns)
  await refuseOtherMode({ store, path }, keyed)
  const { description } = dataset
  // In a history each version of a key is a row.
  const configuration: NewTable['configuration'] = keyed.mode === 'upsert' ? { [KEYED_BY]: keyed.key.join(',') } : {}
  const { partitionBy: partitionColumns } = dataset.layout ?? {}
  const wanted = {
    ...{ schema, description, configuration, keepsColumns: evolves },
    ...(partitionColumns && { partitionColumns }),
  }
  const table = await openProgressTable({ ref: { store, path }, group, wanted, runtime })
  refuseRemoval(table.snapshot())
  runtime.crashPoint('anchor opened')
  const tombstones = openTombstones(table.ref, dataset, keyed)

  const commitChanges = changing(context, keyed, table, tombstones)
  return {
    name: path,
    begin: (partitions) => table.begin(partitions),
    ...(evolves && {
      evolving: () => table.snapshot(),
      addColumns: (prepared: Prepared) => table.addColumns((prepared as PreparedChanges).changes.stagedFor),
    }),
    async prepare(batch): Promise<PreparedChanges> {
      const changes = await batch.changes(table.snapshot())
      const { ledger } = await batch.report()
      const files = changes.path === undefined ? 0 : 1
      return { changes, ledger, files, fileBytes: changes.bytes, isEmpty: files === 0 }
    },
    // Which files to upload is known only at the commit.
    upload: async () => {},
    async commit(prepared, advances): Promise<CommitResult> {
      const batch = prepared as PreparedChanges | undefined
      if (batch?.changes.path === undefined) {
        const fence = batch ? undefined : await firstStarts(table, advances, context)
        const info = batch && ledgerInfo(group, dataset, batch.ledger)
        const { outcome } = await table.commit({ files: [], advances, ...(fence && { fence }), ...(info && { info }) })
        return outcome === 'committed' ? { outcome, version: table.snapshot().version } : { outcome: 'fenced' }
      }
      const outcome = await commitChanges(batch, advances)
      await batch.changes.discard()
      return outcome === 'committed' ? { outcome, version: table.snapshot().version } : { outcome: 'fenced' }
    },
    maintenance: maintenanceTasks(() => table, machine, { key: keyed.key, tombstones }),
    describe: () => sizeOf(table, without),
    close: async () => {},
  }
}

/** Returns what makes a batch's changes in the table as it is then, and commits them. */
function changing(
  { dataset, group, machine }: OutputContext,
  keyed: Keyed,
  table: ProgressTable,
  tombstones: Tombstones,
) {
  const { runtime, engine, workFolder: folder } = machine
  const planChanges = keyed.mode === 'history' ? planHistory : planUpsert

  /** Makes the changes in one state of the table. */
  const tryChanges = async (
    snapshot: Snapshot,
    { path: file, isTruncated, columns: fields, stagedFor = snapshot.metadata }: StagedChanges,
    advances: readonly StoredAdvance[],
    info: Readonly<Record<string, unknown>>,
    write: WriteContext,
  ): Promise<{ readonly result: TableResult }> => {
    const columnsToCome = columnsToAdd(snapshot, stagedFor)
    // Another worker gave a new column another type meanwhile: the records are cleaned again.
    if (columnsToCome === 'conflict') return { result: { outcome: 'fenced', snapshot } }
    const evolved = { ...snapshot, ...columnsToCome }
    const columns = fields.map(({ name }) => name)
    const marks = { deletes: DELETED, ...(isTruncated && { truncates: TRUNCATED }) }
    const changes = { source: changesIn(String(file)), columns, ...marks, tombstones: await tombstones.read() }
    const plan = await planChanges(evolved, changes, keyed, write.connection)
    const txn = await tombstones.add(plan, write)
    runtime.crashPoint('tombstones written')
    const { add, remove, cdc } = await writeEdits(evolved, plan.edits, write)
    runtime.crashPoint('changes uploaded')
    const edits = { add, remove, cdc, txn, reads: plan.reads, readsTxns: [TOMBSTONES] }
    return { result: await table.commit({ files: [], stagedFor, edits, advances, info }) }
  }

  return async ({ changes, ledger }: PreparedChanges, advances: readonly StoredAdvance[]) => {
    const info = ledgerInfo(group, dataset, ledger)
    const connection = await engine.connect()
    try {
      const write = { connection, folder, runtime }
      const attempt = (snapshot: Snapshot) => tryChanges(snapshot, changes, advances, info, write)
      const { result } = await commitAnew(table.snapshot(), attempt, PASSING_CONFLICTS)
      if (result.outcome === 'conflict') committedOrThrow(result)
      return result.outcome
    } catch (error) {
      // The table has come to ask for more since the rows were cleaned: they are cleaned again.
      if (isRowRefusal(error)) return 'fenced'
      throw error
    } finally {
      connection.closeSync()
    }
  }
}
