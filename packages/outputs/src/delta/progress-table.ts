import type { Runtime } from '@millrace/base'
import {
  type CommitResult,
  columnsToAdd,
  commit,
  type Metadata,
  type NewTable,
  openOrCreate,
  type Snapshot,
  type StagedFile,
  type TableRef,
  type Transaction,
} from '@millrace/delta'
import { type Partition, type Position, samePosition } from '@millrace/transport'
import type { Begun, StoredAdvance } from '../output.ts'
import { progressTxns, storedPosition, storedTopics } from './progress.ts'

/**
 * A table whose commits carry the progress of the partitions whose rows they hold. Contract: rows and progress
 * become visible together or not at all; a commit answers `fenced`, having changed nothing, when the stored
 * progress of any partition is not where the commit starts from, because then another worker owns it.
 */
export interface ProgressTable {
  readonly ref: TableRef
  snapshot(): Snapshot
  /**
   * Reads the table anew, makes it fit for our rows again if others have changed it, and returns the progress in it.
   */
  begin(partitions: readonly Partition[]): Promise<Begun>
  /** The stored position, as of the last `begin` or `commit`. */
  position(partition: Partition): Position | undefined
  /** Whether this pipeline has a position for some partition of the same topic. */
  knows(partition: Partition): boolean
  /**
   * Adds the columns that rows staged for this metadata have, in a commit of their own. Returns false where the table has
   * come to have others of these names.
   */
  addColumns(stagedFor: Metadata | undefined): Promise<boolean>
  /** Returns `conflict` if another writer changed rows that the edits depend on, or was faster again and again. */
  commit(change: TableChange): Promise<CommitResult>
}

export interface TableChange {
  readonly files: readonly StagedFile[]
  /** The table's metadata that the files were staged for, where they may have columns that it lacks. */
  readonly stagedFor?: Metadata
  /** What becomes of rows that are there, found in the snapshot that the table has now. */
  readonly edits?: Pick<Transaction, 'add' | 'remove' | 'cdc' | 'txn' | 'reads' | 'readsTxns'>
  readonly advances: readonly StoredAdvance[]
  /** Asked of the newest state besides: false means that the commit must not be made. */
  readonly fence?: (latest: Snapshot) => boolean
  /** For auditors of the commit. */
  readonly info?: Readonly<Record<string, unknown>>
}

export interface ProgressTableOptions {
  readonly ref: TableRef
  readonly group: string
  /** The table as it is made, or made fit for our rows where it is there. */
  readonly wanted: NewTable
  readonly runtime: Runtime
}

export async function openProgressTable({ ref, group, wanted, runtime }: ProgressTableOptions): Promise<ProgressTable> {
  const openNow = () => openOrCreate(ref, wanted, runtime)
  let snapshot = await openNow()
  let topics = { of: snapshot, ...storedTopics(snapshot, group) }
  const topicsNow = () => {
    if (topics.of !== snapshot) topics = { of: snapshot, ...storedTopics(snapshot, group) }
    return topics
  }
  return {
    ref,
    snapshot: () => snapshot,
    async begin(partitions) {
      snapshot = await openNow()
      const positions = new Map<Partition, Position>()
      const { knows, refuseNamesake } = topicsNow()
      for (const partition of partitions) {
        refuseNamesake(partition)
        const position = storedPosition(snapshot, group, partition)
        if (position) positions.set(partition, position)
      }
      return { positions, ofKnownTopics: new Set(partitions.filter(knows)) }
    },
    position: (partition) => storedPosition(snapshot, group, partition),
    knows: (partition) => topicsNow().knows(partition),
    async addColumns(stagedFor) {
      for (;;) {
        const columns = stagedFor ? columnsToAdd(snapshot, stagedFor) : {}
        if (columns === 'conflict') return false
        if (!columns.metadata) return true
        const result = await commit(snapshot, { operation: 'ADD COLUMNS', ...columns }, runtime)
        snapshot = result.snapshot
        if (result.outcome === 'committed') return true
      }
    },
    async commit({ files, stagedFor, edits, advances, fence, info }) {
      const columns = stagedFor ? columnsToAdd(snapshot, stagedFor) : {}
      if (columns === 'conflict') return { outcome: 'conflict', reason: 'metadata', snapshot }
      const to = new Map(advances.map((advance) => [advance.partition, advance.to]))
      const stillThere = (latest: Snapshot) =>
        (fence?.(latest) ?? true) &&
        advances.every(({ partition, from }) => samePosition(storedPosition(latest, group, partition), from))
      const added = files.filter(({ rows }) => rows > 0n).map(({ add }) => add)
      const transaction = {
        operation: 'STREAMING UPDATE',
        ...columns,
        ...edits,
        add: [...added, ...(edits?.add ?? [])],
        txn: [...progressTxns(group, to, runtime.now()), ...(edits?.txn ?? [])],
        fence: stillThere,
        ...(info === undefined ? {} : { info }),
      }
      const result = await commit(snapshot, transaction, runtime)
      snapshot = result.snapshot
      return result
    },
  }
}
