import type { Snapshot } from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import type { Dataset, Mode } from '@millrace/transform'
import type { Partition, Position, Source } from '@millrace/transport'
import type { CleanedBatch } from './cleaned-batch.ts'

/**
 * A destination of a pipeline's records: a table, an archive, a database. A folder here and a line in
 * outputs.ts make one; test/contract.ts proves that it keeps this contract.
 *
 * The delivery contract:
 * - An output stores the rows of a batch and the pipeline's progress together. A reader sees both or neither,
 *   whenever the process is killed and whatever the store answers.
 * - Progress is a position for each partition: where the pipeline goes on reading. It is kept by pipeline, topic,
 *   identity of the topic, and partition. Progress of the same topic and partition under another identity means that
 *   the topic was made anew: `begin` refuses with SOURCE_CHANGED.
 * - A commit moves partitions from one position to another. Where the stored position of any of them is not the one
 *   that the commit starts from, another worker owns that partition: nothing is changed, and the commit is `fenced`.
 *   The output compares with what is stored at the moment of the commit, never with what it remembers.
 * - After a lost answer the output finds out what happened, by an id of the commit or by the stored position, before
 *   it sends anything again. When it cannot find out, it throws a MillraceError whose `retry` is true, and the worker
 *   calls again with the same arguments. If the first call took effect after all, the second one changes nothing and
 *   answers `committed` or, because the stored position is ahead of its start, `fenced`: then the worker begins again.
 * - A failure that a later call can heal is a MillraceError with `retry`: the worker waits and calls again. Any other
 *   error stops the worker.
 *
 * The worker's side: for one output it calls `begin` first, then `prepare` and `upload` of several batches side by
 * side, and `commit` one at a time in the order in which the records were read. After `fenced` it begins again, and
 * commits nothing that was prepared before. Of the several outputs of a pipeline one is the anchor: anchor-last.ts.
 */
export interface Output {
  /** Names the output for people, for events and for the lease of its maintenance. */
  readonly name: string
  /**
   * Reads the stored state anew and returns the progress of these partitions. What `prepare` has to know about the
   * store (columns, file sizes) is fixed here as well, so that one `begin` means one layout.
   */
  begin(partitions: readonly Partition[]): Promise<Begun>
  /**
   * Does all that can be done with the batch on this computer before it is the batch's turn: nothing of it can be
   * seen by a reader, and nothing is needed of the batch once it has settled, because its bytes are written over.
   * A call that failed may be made again.
   */
  prepare(batch: CleanedBatch): Promise<Prepared>
  /**
   * Brings what was prepared to the store, still unseen. A call that failed is made again and goes on with what is
   * left.
   */
  upload(prepared: Prepared): Promise<void>
  /** The lake's table, where columns may come with the rows: records are cleaned by it for all outputs of the pipeline. */
  evolving?(): Snapshot
  /**
   * Adds the columns that come with prepared rows, before any other output commits theirs: a kill must not leave it open
   * what a column's type is. Returns false where it has another type by now.
   */
  addColumns?(prepared: Prepared): Promise<boolean>
  /** Removes from this computer what was prepared and will not be committed. What is in the store stays. */
  discard?(prepared: Prepared): Promise<void>
  /**
   * Makes the prepared rows and the progress visible together. Without rows (`undefined`) it stores progress alone.
   * An advance from `undefined` stores the first position of a partition: an anchor that holds rows of that topic by
   * this pipeline and no progress refuses with PROGRESS_LOST; one that holds rows or progress of that topic by another
   * pipeline refuses with ANOTHER_GROUP, unless it was opened to allow that.
   */
  commit(prepared: Prepared | undefined, advances: readonly StoredAdvance[]): Promise<CommitResult>
  /**
   * The records of a partition that this output holds although they come after `from`, by the names that the source
   * gives them. An output of rejected records answers, for it commits before the anchor: what it holds stays out of
   * the other outputs, whatever today's rules say, and is not committed to it twice.
   */
  held?(partition: Partition, from: Position): Promise<HeldRecords | undefined>
  /** Maintenance tasks; the worker decides when they run, and which of several workers runs them. */
  readonly maintenance: readonly MaintenanceTask[]
  /** How much the output holds, as of the last commit or `begin`. */
  describe(): OutputSize
  close(): Promise<void>
}

export interface Begun {
  /** The stored position of each partition that has one. */
  readonly positions: ReadonlyMap<Partition, Position>
  /** The partitions whose topic has a stored position, of any partition. */
  readonly ofKnownTopics: ReadonlySet<Partition>
}

/** A batch as prepared by an output. It is passed only to that output, which keeps more in it. */
export interface Prepared {
  readonly files: number
  readonly fileBytes: number
  /** How many partitions of its table the files are in, where it has any. */
  readonly partitions?: number
  /** Whether there is nothing to commit but progress. */
  readonly isEmpty: boolean
}

/** A step of a partition's stored progress; `from` is undefined where nothing may be stored yet. */
export interface StoredAdvance {
  readonly partition: Partition
  readonly from: Position | undefined
  readonly to: Position
}

export type CommitResult =
  /** `version` is what people know the state by, where the output numbers its states. */
  { readonly outcome: 'committed'; readonly version: number } | { readonly outcome: 'fenced' }

export interface HeldRecords {
  readonly until: Position
  readonly offsets: ReadonlySet<string>
}

export interface MaintenanceTask {
  readonly name: 'checkpoint' | 'optimize' | 'clean log' | 'vacuum'
  readonly everyMs: number
  /** Returns whether there was anything to do. Two workers may do it at once: that must be safe. */
  run(signal: AbortSignal): Promise<boolean>
}

export interface OutputSize {
  readonly table: string
  readonly version: number
  readonly files: number
  readonly bytes: number
  readonly rows: number
  /** How many partitions its files are in, where it has any. */
  readonly partitions?: number
  /** Columns that are there and that the data set does not fill. */
  readonly nullColumns?: readonly string[]
}

/** The table, data set and pipeline that an output is opened for. */
export interface OutputContext {
  /** Of the output itself, such as `postgres://host/db`; `delta` is the lake's. */
  readonly address: string
  /** The lake. */
  readonly store: ObjectStore
  /** The name of the data set's table, such as its folder in the lake. */
  readonly table: string
  readonly dataset: Dataset
  /** The pipeline's name: progress is kept under it. */
  readonly group: string
  /** May begin in a topic that another pipeline puts into the same table. */
  readonly allowsAnotherGroup?: boolean
  /** Columns that may be there although the data set does not fill them; others are refused. */
  readonly nullColumns?: readonly string[]
  readonly machine: Machine
  /** Whether it is one of many that a pattern finds: what may stay empty is made only when it is needed. */
  readonly isOneOfMany?: boolean
}

export type OpenOutput = (context: OutputContext) => Promise<Output>

/** What the list of outputs has of each. */
export interface OutputKind {
  readonly open: OpenOutput
  /** What it can make of a data set's table: `append` alone unless said. */
  readonly modes?: readonly Mode[]
  /** Whether rows that are written again replace themselves: it keeps one for each key. */
  readonly replaces?: boolean
  /** Whether it takes columns that come with the rows. The others get those that the data set names. */
  readonly evolves?: boolean
  /** What it stores: clean rows unless it says messages, which are `CleanedBatch.messages`. */
  readonly takes?: 'rows' | 'messages'
  /** SQL over clean rows: whether the output can hold a row. The record of any other is rejected, for all outputs. */
  fits?(dataset: Dataset, address: string): string
  /**
   * Compares tables with what is stored of them beside, and with the source where there is one. Changes nothing; a table
   * that is not there is left out.
   */
  verify?(
    address: string,
    tables: readonly StoredTable[],
    source: Source | undefined,
  ): Promise<readonly OutputVerdict[]>
  /** Returns the place of the object store that it rests on, where it asks of one what a lake asks. */
  place?(address: string): string
  /** Looks whether the output can be filled, and returns what it is. Changes nothing. */
  look?(address: string): Promise<string>
}

export interface StoredTable {
  readonly table: string
  readonly dataset: Dataset
}

/** What an output says of one of its tables, and what is wrong with it. */
export interface OutputVerdict {
  readonly table: string
  readonly rows: number
  readonly partitions: readonly OutputAccount[]
  readonly problems: readonly string[]
}

export interface OutputAccount {
  readonly group: string
  readonly topic: string
  readonly identity: string
  readonly partition: string
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly messages: number
  /** Where it keeps messages in files of their own. */
  readonly files?: number
}
