import type { Runtime } from '@millrace/base'
import { type StagedFile, type TableRef, uploadStaged } from '@millrace/delta'
import type { ObjectStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'
import type { Partition, Position, Source, StartPosition } from '@millrace/transport'
import type { StagedBatch } from '../clean/stage.ts'
import type { Batch } from '../intake/batch.ts'
import { QUARANTINE_SCHEMA, quarantinePath } from '../quarantine/quarantine.ts'
import type { Tell } from '../telemetry.ts'
import { ledgerInfo } from './ledger.ts'
import { openProgressTable, type ProgressTable } from './progress-table.ts'
import { fixStarts } from './starts.ts'

/**
 * The two tables of a pipeline. The clean one is the anchor: the worker goes on from its progress alone, and it
 * commits last in every batch; the quarantine commits before it, and only when it has rows.
 */
export interface PipelineTables {
  readonly anchor: ProgressTable
  readonly quarantine: ProgressTable
  /** Reads both tables anew. Where to go on: what the anchor says, or a start that is resolved and made durable now. */
  begin(partitions: readonly Partition[]): Promise<Map<Partition, Position>>
  upload(staged: StagedBatch): Promise<void>
  /** False: another worker owns a partition of the batch now. */
  commit(batch: Batch, staged: StagedBatch): Promise<boolean>
}

export interface TablesParts {
  readonly store: ObjectStore
  /** The table's folder in the lake. */
  readonly path: string
  readonly dataset: Dataset
  readonly group: string
  readonly source: Source
  readonly start: StartPosition
  readonly runtime: Runtime
  readonly tell: Tell
}

export async function openTables({
  store,
  path,
  dataset,
  group,
  source,
  start,
  runtime,
  tell,
}: TablesParts): Promise<PipelineTables> {
  const { description } = dataset
  const shared = { group, runtime }
  const anchor = await openProgressTable({ ...shared, ref: { store, path }, schema: dataset.schema, description })
  runtime.crashPoint('anchor opened')
  const quarantine = await openProgressTable({
    ...shared,
    ref: { store, path: quarantinePath(path) },
    schema: QUARANTINE_SCHEMA,
    description: `Records that may not enter ${path}`,
  })

  // Where this worker knows the quarantine to be. What a conflict has shown of others since must not count:
  // it would pass the fence that is there to notice them.
  const expected = new Map<Partition, Position | undefined>()
  const commitBad = async (batch: Batch, { badFiles }: StagedBatch) => {
    if (badFiles.length === 0) return true
    const advances = batch.advances.map(({ partition, to }) => ({ partition, from: expected.get(partition), to }))
    const committed = await quarantine.commit({ files: badFiles, advances })
    if (committed) for (const { partition, to } of advances) expected.set(partition, to)
    return committed
  }
  const toldOf = new Set<string>()
  // A retry goes on with what is left: a file that is up is gone from this machine.
  const uploaded = new WeakSet<StagedFile>()
  const uploadOnce = async (table: TableRef, file: StagedFile) => {
    if (uploaded.has(file)) return
    await uploadStaged(table, file)
    runtime.crashPoint('file uploaded')
    uploaded.add(file)
  }
  return {
    anchor,
    quarantine,
    async begin(partitions) {
      await Promise.all([anchor.reload(), quarantine.reload()])
      for (const topic of await fixStarts(partitions, { anchor, group, source, start, runtime })) {
        if (!toldOf.has(topic)) tell({ what: 'known topic', topic })
        toldOf.add(topic)
      }
      const positions = new Map<Partition, Position>()
      for (const partition of partitions) {
        positions.set(partition, anchor.position(partition) ?? [])
        expected.set(partition, quarantine.position(partition))
      }
      return positions
    },
    async upload({ files, badFiles }) {
      const mine = files.map((file) => uploadOnce(anchor.ref, file))
      await Promise.all([...mine, ...badFiles.map((file) => uploadOnce(quarantine.ref, file))])
      runtime.crashPoint('uploaded')
    },
    async commit(batch, staged) {
      if (!(await commitBad(batch, staged))) return false
      runtime.crashPoint('quarantined')
      const info = ledgerInfo(group, dataset, staged.ledger)
      const committed = await anchor.commit({ files: staged.files, advances: batch.advances, info })
      runtime.crashPoint('committed')
      return committed
    },
  }
}
