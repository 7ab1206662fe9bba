import type { Runtime } from '@millrace/base'
import { commit, openOrCreate, type Snapshot, type StagedFile, type StructType, type TableRef } from '@millrace/delta'
import { type Partition, type Position, samePosition } from '@millrace/transport'
import type { Advance } from '../intake/batch.ts'
import { progressTxns, refuseNamesake, storedPosition, topicVersions } from './progress.ts'

/**
 * A table whose commits carry the progress of the partitions whose rows they hold. Contract: rows and progress
 * become visible together or not at all; a commit answers false, having changed nothing, when the stored
 * progress of any partition is not where the commit starts from, because then another worker owns it.
 */
export interface ProgressTable {
  readonly ref: TableRef
  snapshot(): Snapshot
  /** Where to go on; undefined when this pipeline has never resolved a start for the partition. */
  position(partition: Partition): Position | undefined
  /** Whether this pipeline has fixed where some partition of the same topic begins. */
  knows(partition: Partition): boolean
  /** Whether somebody took its progress in this topic back on purpose. */
  wasRewound(partition: Partition): boolean
  commit(change: TableChange): Promise<boolean>
  /** Reads the table anew, and makes it fit for our rows again if others have changed it. */
  reload(): Promise<void>
}

export interface TableChange {
  readonly files: readonly StagedFile[]
  readonly advances: readonly TableAdvance[]
  /** For whoever audits the commit. */
  readonly info?: Readonly<Record<string, unknown>>
}

/** From nothing: the partition's resolved start becomes durable. */
export type TableAdvance = Pick<Advance, 'partition' | 'to'> & { readonly from: Position | undefined }

export interface ProgressTableParts {
  readonly ref: TableRef
  readonly group: string
  readonly schema: StructType
  readonly description: string
  readonly runtime: Runtime
}

export async function openProgressTable({
  ref,
  group,
  schema,
  description,
  runtime,
}: ProgressTableParts): Promise<ProgressTable> {
  const openNow = () => openOrCreate(ref, { schema, description }, runtime)
  let snapshot = await openNow()
  return {
    ref,
    snapshot: () => snapshot,
    position(partition) {
      refuseNamesake(snapshot, group, partition)
      return storedPosition(snapshot, group, partition)
    },
    knows: (partition) => topicVersions(snapshot, group, partition).some((version) => version >= 0n),
    wasRewound: (partition) => topicVersions(snapshot, group, partition).some((version) => version < 0n),
    async commit({ files, advances, info }) {
      const to = new Map(advances.map((advance) => [advance.partition, advance.to]))
      const stillThere = (latest: Snapshot) =>
        advances.every(({ partition, from }) => samePosition(storedPosition(latest, group, partition), from))
      const transaction = {
        operation: 'STREAMING UPDATE',
        add: files.filter(({ rows }) => rows > 0n).map(({ add }) => add),
        txn: progressTxns(group, to, runtime.now()),
        fence: stillThere,
        ...(info === undefined ? {} : { info }),
      }
      const result = await commit(snapshot, transaction, runtime)
      snapshot = result.snapshot
      return result.outcome === 'committed'
    },
    async reload() {
      snapshot = await openNow()
    },
  }
}
