import type { Runtime } from '@millrace/base'
import { type Partition, type Position, partitionKey, reached } from '@millrace/transport'
import type { CleanedBatch } from './cleaned-batch.ts'
import type { Begun, CommitResult, HeldRecords, Output, Prepared, StoredAdvance } from './output.ts'

/**
 * The outputs of one pipeline, as the worker uses them: rules 6 and 7 of docs/exactly-once.md stand here and nowhere
 * else. The worker goes on from the anchor's progress alone, and the anchor commits last in every batch, rows or not.
 * The others commit before it, and only when they have something to commit.
 */
export interface PipelineOutputs {
  /** What the outputs need of what is read. */
  readonly take: 'rows' | 'messages' | 'both'
  /** The anchor first. */
  readonly all: readonly Output[]
  begin(partitions: readonly Partition[]): Promise<PipelineBegun>
  prepare(batch: CleanedBatch): Promise<PreparedBatch>
  upload(prepared: PreparedBatch): Promise<void>
  /** Removes from this computer what was prepared and will not be committed. */
  discard(prepared: PreparedBatch): Promise<void>
  /** Commits a batch; without one, stores only progress, in the anchor. */
  commit(prepared: PreparedBatch | undefined, advances: readonly StoredAdvance[]): Promise<CommitResult>
  close(): Promise<void>
}

export interface PipelineBegun extends Begun {
  /** By `partitionKey`: records that another output already holds and the anchor has yet to pass. */
  readonly held: ReadonlyMap<string, HeldRecords>
}

export interface PreparedBatch {
  readonly anchor: Prepared
  /** In the order of the other outputs. */
  readonly others: readonly Prepared[]
}

export function anchorLast(
  anchor: Output,
  others: readonly Output[],
  runtime: Runtime,
  take: PipelineOutputs['take'] = 'rows',
): PipelineOutputs {
  const expectations = others.map(() => createExpectation())
  // A commit that failed in the anchor is called again: what the others have committed of it stays as it is.
  const done = new WeakSet<Prepared>()

  /** Returns false where another worker has moved the output's progress. */
  const commitOther = async (other: Output, i: number, prepared: Prepared, advances: readonly StoredAdvance[]) => {
    if (prepared.isEmpty || done.has(prepared)) return true
    const mine = advances
      .map(({ partition, to }) => ({ partition, from: expectations[i]?.of(partition), to }))
      .filter(({ from, to }) => knowsEachRecord(other) || !from || !reached(from, to))
    const { outcome } = await other.commit(prepared, mine)
    if (outcome === 'fenced') return false
    expectations[i]?.moved(mine)
    done.add(prepared)
    return true
  }
  return {
    take,
    all: [anchor, ...others],
    async begin(partitions) {
      const [begun, ...ofOthers] = await Promise.all([anchor, ...others].map((output) => output.begin(partitions)))
      const { positions, ofKnownTopics } = begun as Begun
      const held = new Map<string, HeldRecords>()
      for (const [i, other] of others.entries()) {
        const stored = ofOthers[i]?.positions ?? new Map<Partition, Position>()
        expectations[i]?.begin(stored)
        for (const [partition, found] of await heldBy(other, stored, positions)) held.set(partition, found)
      }
      return { positions, ofKnownTopics, held }
    },
    async prepare(batch) {
      // The anchor goes first: writing the rows shows which records are rejected.
      const first = await anchor.prepare(batch)
      const rest: Prepared[] = []
      for (const [i, other] of others.entries()) {
        const left = knowsEachRecord(other) ? batch : batch.from(expectations[i]?.all ?? new Map())
        rest.push(await other.prepare(left))
      }
      runtime.crashPoint('staged')
      return { anchor: first, others: rest }
    },
    async upload(prepared) {
      const rest = others.map((other, i) => other.upload(prepared.others[i] as Prepared))
      await Promise.all([anchor.upload(prepared.anchor), ...rest])
      runtime.crashPoint('uploaded')
    },
    async discard(prepared) {
      const rest = others.map((other, i) => other.discard?.(prepared.others[i] as Prepared))
      await Promise.all([anchor.discard?.(prepared.anchor), ...rest])
    },
    async commit(prepared, advances) {
      if (!prepared) return anchor.commit(undefined, advances)
      for (const [i, other] of others.entries()) {
        if (!(await commitOther(other, i, prepared.others[i] as Prepared, advances))) return { outcome: 'fenced' }
      }
      runtime.crashPoint('quarantined')
      const result = await anchor.commit(prepared.anchor, advances)
      runtime.crashPoint('committed')
      return result
    },
    async close() {
      await Promise.all([anchor, ...others].map((output) => output.close()))
    },
  }
}

/**
 * The positions that this worker expects an output to have. Positions seen in a conflict must not count: they would
 * pass the fence, which is there to notice them.
 */
function createExpectation() {
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
