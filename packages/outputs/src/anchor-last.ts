import type { Runtime } from '@millrace/base'
import type { Snapshot } from '@millrace/delta'
import { type Partition, type Position, partitionKey, reached } from '@millrace/transport'
import type { CleanedBatch } from './cleaned-batch.ts'
import type { Begun, CommitResult, HeldRecords, Output, Prepared, StoredAdvance } from './output.ts'
import { type Expectation, type OutputStanding, standingOf, type Watched, watched } from './standing.ts'

/**
 * The outputs of one pipeline, as the worker uses them: rules 6 and 7 of docs/exactly-once.md stand here and nowhere
 * else. The anchor commits last in every batch, rows or not. Before it the other outputs of records commit, each from
 * its own progress, and the output of rejected records, only when it has some.
 *
 * The worker goes on from the anchor's progress. Where another output has less, because it was detached for a time,
 * reading begins from there: each output gets only what it does not have yet.
 */
export interface PipelineOutputs {
  /** What the outputs need of what is read. */
  readonly take: 'rows' | 'messages' | 'both'
  /** The anchor first. */
  readonly all: readonly Output[]
  /** How each output of records is doing, the anchor first. */
  standing(): readonly OutputStanding[]
  /**
   * An output that has nothing of a partition yet begins where the anchor is, or where `backFillFrom` says, if that is
   * before the anchor.
   */
  begin(partitions: readonly Partition[], backFillFrom?: FirstPosition): Promise<PipelineBegun>
  /** Returns the table for which a batch is to be cleaned, where it takes columns that come with the rows. */
  evolving(): Snapshot | undefined
  prepare(batch: CleanedBatch): Promise<PreparedBatch>
  upload(prepared: PreparedBatch): Promise<void>
  /** Removes from this computer what was prepared and will not be committed. */
  discard(prepared: PreparedBatch): Promise<void>
  /** Commits a batch; without one, stores only progress, in the anchor. */
  commit(prepared: PreparedBatch | undefined, advances: readonly StoredAdvance[]): Promise<CommitResult>
  close(): Promise<void>
}

export type FirstPosition = (partition: Partition) => Promise<Position>

export interface PipelineBegun extends Begun {
  /** By `partitionKey`: records that another output already holds and the anchor has yet to pass. */
  readonly held: ReadonlyMap<string, HeldRecords>
  /** Partitions in which another output is behind the anchor. `positions` has where that one is. */
  readonly behind: ReadonlyMap<Partition, Behind>
}

export interface Behind {
  /** Name of the output that is furthest behind. */
  readonly output: string
  /** Position of the anchor. Blocks end there: what comes before is not for the anchor. */
  readonly anchor: Position
}

export interface PreparedBatch {
  readonly anchor: Prepared
  /** In the order of the other outputs. */
  readonly others: readonly Prepared[]
}

/** An output, and where this worker expects it to be. */
interface Member extends Watched {
  readonly expectation: Expectation
}

export function anchorLast(
  anchorOutput: Output,
  otherOutputs: readonly Output[],
  runtime: Runtime,
  take: PipelineOutputs['take'] = 'rows',
): PipelineOutputs {
  const member = (output: Output): Member => ({ ...watched(output, runtime), expectation: createExpectation() })
  const [anchor, others] = [member(anchorOutput), otherOutputs.map(member)]
  const all = [anchor, ...others].map(({ output }) => output)
  // A commit that failed in the anchor is called again: what the others have committed of it stays as it is.
  const done = new WeakSet<Prepared>()
  return {
    take,
    all,
    standing: () => standingOf(anchor, others),
    begin: (partitions, backFillFrom) => beginAll(anchor, others, partitions, runtime, backFillFrom),
    evolving: () => anchor.output.evolving?.(),
    async prepare(batch) {
      // The anchor goes first: writing the rows shows which records are rejected.
      const ofAnchor = await anchor.output.prepare(batch.from(anchor.expectation.all))
      const ofOthers: Prepared[] = []
      for (const { output, expectation } of others) {
        ofOthers.push(await output.prepare(knowsEachRecord(output) ? batch : batch.from(expectation.all)))
      }
      runtime.crashPoint('staged')
      return { anchor: ofAnchor, others: ofOthers }
    },
    async upload(prepared) {
      const rest = others.map(({ output }, i) => output.upload(prepared.others[i] as Prepared))
      await Promise.all([anchor.output.upload(prepared.anchor), ...rest])
      runtime.crashPoint('uploaded')
    },
    async discard(prepared) {
      const rest = others.map(({ output }, i) => output.discard?.(prepared.others[i] as Prepared))
      await Promise.all([anchor.output.discard?.(prepared.anchor), ...rest])
    },
    async commit(prepared, advances) {
      if (!prepared) return anchor.output.commit(undefined, advances)
      const isAlone = others.every(({ output }) => knowsEachRecord(output))
      if (!isAlone && (await anchor.output.addColumns?.(prepared.anchor)) === false) return { outcome: 'fenced' }
      runtime.crashPoint('columns added')
      for (const [i, other] of others.entries()) {
        const mine = prepared.others[i] as Prepared
        if (done.has(mine)) continue
        if (!(await commitOther(other, mine, advances))) return { outcome: 'fenced' }
        done.add(mine)
      }
      runtime.crashPoint('quarantined')
      const result = await commitAnchor(anchor, prepared.anchor, advances)
      runtime.crashPoint('committed')
      return result
    },
    async close() {
      await Promise.all(all.map((output) => output.close()))
    },
  }
}

async function beginAll(
  anchor: Member,
  others: readonly Member[],
  partitions: readonly Partition[],
  runtime: Runtime,
  backFillFrom: FirstPosition | undefined,
): Promise<PipelineBegun> {
  const { positions: anchored, ofKnownTopics } = await anchor.output.begin(partitions)
  anchor.expectation.begin(anchored)
  const startOf = async ([partition, at]: readonly [Partition, Position]) => {
    const first = (await backFillFrom?.(partition)) ?? at
    return { partition, from: undefined, to: reached(first, at) ? at : first }
  }
  const stored = await Promise.all(
    others.map(({ output }) => beginOther(output, partitions, [...anchored], startOf, runtime)),
  )
  const [positions, behind] = [new Map(anchored), new Map<Partition, Behind>()]
  for (const [i, { output, expectation }] of others.entries()) {
    const own = stored[i] as ReadonlyMap<Partition, Position>
    expectation.begin(own)
    if (knowsEachRecord(output)) continue
    for (const [partition, position] of own) {
      const [least, at] = [positions.get(partition), anchored.get(partition)]
      if (!least || !at || reached(position, least)) continue
      positions.set(partition, position)
      behind.set(partition, { output: output.name, anchor: at })
    }
  }
  const held = new Map<string, HeldRecords>()
  for (const [i, { output }] of others.entries()) {
    for (const [partition, found] of await heldBy(output, stored[i] ?? new Map(), positions)) held.set(partition, found)
  }
  return { positions, ofKnownTopics, held, behind }
}

/** Begins an output, and stores where it begins if it has nothing of a partition yet. */
async function beginOther(
  output: Output,
  partitions: readonly Partition[],
  anchored: readonly (readonly [Partition, Position])[],
  startOf: (anchored: readonly [Partition, Position]) => Promise<StoredAdvance>,
  runtime: Runtime,
): Promise<ReadonlyMap<Partition, Position>> {
  const { positions } = await output.begin(partitions)
  const missing = anchored.filter(([partition]) => !positions.has(partition))
  if (knowsEachRecord(output) || missing.length === 0) return positions
  // Fenced, another worker has stored some of them.
  await output.commit(undefined, await Promise.all(missing.map(startOf)))
  runtime.crashPoint('other begun')
  return beginOther(output, partitions, anchored, startOf, runtime)
}

/** Returns false where another worker has moved the output's progress. */
async function commitOther(
  { output, expectation }: Member,
  prepared: Prepared,
  advances: readonly StoredAdvance[],
): Promise<boolean> {
  if (prepared.isEmpty && knowsEachRecord(output)) return true
  const mine = knowsEachRecord(output)
    ? advances.map(({ partition, to }) => neverBack(partition, expectation.of(partition), to))
    : leftOf(advances, expectation)
  if (mine.length === 0) {
    await output.discard?.(prepared)
    return true
  }
  const { outcome } = await output.commit(prepared, mine)
  if (outcome === 'fenced') return false
  expectation.moved(mine)
  return true
}

async function commitAnchor(
  { output, expectation }: Member,
  prepared: Prepared,
  advances: readonly StoredAdvance[],
): Promise<CommitResult> {
  const mine = leftOf(advances, expectation)
  if (mine.length === 0 && advances.length > 0) {
    await output.discard?.(prepared)
    return { outcome: 'committed', version: output.describe().version }
  }
  const result = await output.commit(prepared, mine)
  if (result.outcome === 'committed') expectation.moved(mine)
  return result
}

/** Returns the part of these advances that an output has not committed yet, each from its expected position. */
function leftOf(advances: readonly StoredAdvance[], expectation: Expectation): StoredAdvance[] {
  return advances
    .map(({ partition, from, to }) => ({ partition, from: expectation.of(partition) ?? from, to }))
    .filter(({ from, to }) => !from || !reached(from, to))
}

function neverBack(partition: Partition, from: Position | undefined, to: Position): StoredAdvance {
  return { partition, from, to: from && reached(from, to) ? from : to }
}

/**
 * The positions that this worker expects an output to have. Positions seen in a conflict must not count: they would
 * pass the fence, which is there to notice them.
 */
function createExpectation(): Expectation {
  const expected = new Map<string, Position>()
  return {
    all: expected,
    of: (partition: Partition) => expected.get(partitionKey(partition)),
    begin(stored: ReadonlyMap<Partition, Position>) {
      expected.clear()
      for (const [partition, position] of stored) expected.set(partitionKey(partition), position)
    },
    moved(advances: readonly StoredAdvance[]) {
      for (const { partition, to } of advances) expected.set(partitionKey(partition), to)
    },
  }
}

/**
 * An output of rejected records says which ones it holds after a kill between two commits. Any other one says only how
 * far it has come: it gets what comes after that, and its progress never goes back.
 */
function knowsEachRecord(output: Output): boolean {
  return output.held !== undefined
}

/**
 * Returns the held records of partitions in which the output is ahead of the anchor, after a kill between their
 * commits.
 */
async function heldBy(
  output: Output,
  stored: ReadonlyMap<Partition, Position>,
  anchored: ReadonlyMap<Partition, Position>,
): Promise<[string, HeldRecords][]> {
  const found: [string, HeldRecords][] = []
  for (const [partition, position] of anchored) {
    const until = stored.get(partition)
    if (!output.held || !until || reached(position, until)) continue
    const held = await output.held(partition, position)
    if (held) found.push([partitionKey(partition), held])
  }
  return found
}
