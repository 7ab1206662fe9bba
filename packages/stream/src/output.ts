import type { Runtime } from '@millrace/base'
import {
  commit,
  openOrCreate,
  type Snapshot,
  type StagedFile,
  type TableRef,
  type Transaction,
  uploadStaged,
} from '@millrace/lake'
import type { Dataset } from '@millrace/transform'
import { type Partition, type Position, samePosition } from '@millrace/transport'
import { progressTxns, refuseNamesake, storedPosition } from './progress.ts'

/** What one batch does to a partition: it moves it from one position to another. */
export interface Advance {
  readonly partition: Partition
  readonly from: Position
  readonly to: Position
  readonly records: number
}

/**
 * A place that clean rows go to. Contract: a batch and the progress of every partition in it become visible
 * together or not at all; `commit` answers false, having changed nothing, when the stored progress of any of
 * them is not where the batch started from, because then another worker owns the partition.
 */
export interface Output {
  /** Where to go on in this partition; undefined when it has never been started. */
  position(partition: Partition): Position | undefined
  /** Makes the resolved start of new partitions durable, before anything is fetched. */
  start(positions: ReadonlyMap<Partition, Position>): Promise<boolean>
  commit(file: StagedFile, advances: readonly Advance[]): Promise<boolean>
  reload(): Promise<void>
}

export async function openDeltaOutput(
  table: TableRef,
  dataset: Dataset,
  group: string,
  runtime: Runtime,
): Promise<Output> {
  const { schema, description } = dataset
  let snapshot = await openOrCreate(table, { schema, description }, runtime)

  const make = async (
    positions: ReadonlyMap<Partition, Position>,
    expected: Expectation,
    transaction: Partial<Transaction>,
  ) => {
    const result = await commit(
      snapshot,
      {
        operation: 'STREAMING UPDATE',
        txn: progressTxns(group, positions, runtime.now()),
        fence: (latest) => stillAt(latest, group, expected),
        ...transaction,
      },
      runtime,
    )
    snapshot = result.snapshot
    return result.outcome === 'committed'
  }
  return {
    position(partition) {
      refuseNamesake(snapshot, group, partition)
      return storedPosition(snapshot, group, partition)
    },
    start: (positions) =>
      make(positions, new Map([...positions.keys()].map((partition) => [partition, undefined])), {}),
    async commit(file, advances) {
      await uploadStaged(table, file)
      runtime.crashPoint('uploaded')
      const to = new Map(advances.map((advance) => [advance.partition, advance.to]))
      const from = new Map(advances.map((advance) => [advance.partition, advance.from]))
      const info = { millrace: { group, dataset: dataset.name, ledger: advances.map(ledgerEntry) } }
      const committed = await make(to, from, { add: file.rows === 0n ? [] : [file.add], info })
      runtime.crashPoint('committed')
      return committed
    },
    async reload() {
      snapshot = await openOrCreate(table, { schema }, runtime)
    },
  }
}

type Expectation = ReadonlyMap<Partition, Position | undefined>

function stillAt(snapshot: Snapshot, group: string, expected: Expectation): boolean {
  return [...expected].every(([partition, position]) =>
    samePosition(storedPosition(snapshot, group, partition), position),
  )
}

function ledgerEntry({ partition, from, to, records }: Advance) {
  return { ...partition, from: from.map(String), to: to.map(String), records }
}
