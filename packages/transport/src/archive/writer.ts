import type { Runtime } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import { type Partition, type Position, partitionKey, reached, samePosition } from '../source.ts'
import { isFile, readEntry, tipOf } from './chain.ts'
import { type Entry, encodeEntry, type FileEntry, NO_TOTALS, offsetsIn, type Totals, textsOf } from './entry.ts'
import { entryKey } from './layout.ts'
import { positionOfName } from './names.ts'
import { type Packed, packAgain } from './pack.ts'
import { type Owner, ownerOf, startOf, storeStarts, topicStarts } from './starts.ts'

/** A step of one partition. Without a file nothing but the position moves. */
export interface ArchiveStep {
  readonly partition: Partition
  /** The stored position; undefined where the partition is new. */
  readonly from: Position | undefined
  readonly to: Position
  readonly packed?: Packed
  /** Where the records begin, where nothing is stored of the partition. */
  readonly begins?: Position
}

/** Keeps what a commit has reached over several calls: after an error it is called again. */
export interface Claims {
  readonly id: string
  readonly byPartition: Map<string, Claim>
}

/** A step from a stored position. */
type Step = ArchiveStep & { readonly from: Position }

interface Claim {
  readonly packed: Packed | undefined
  readonly entry: Entry
}

export interface ArchiveWriter {
  begin(partitions: readonly Partition[]): Promise<{
    readonly positions: ReadonlyMap<Partition, Position>
    readonly ofKnownTopics: ReadonlySet<Partition>
  }>
  /** Returns false where another worker has moved a partition. */
  commit(steps: readonly ArchiveStep[], claims: Claims): Promise<boolean>
  /** Totals of the partitions that were begun. */
  totals(): Totals
}

/**
 * Writes the steps of partitions. Names are the fence: the writer that creates the first entry at a position may write
 * the file of its records, and creating that file is the commit. An entry whose file was never written belongs to a
 * writer that was killed, or to a slow one: the next writer adds an entry of its own, and the file that is created first
 * counts.
 *
 * A step without records is only an entry. If another writer has begun a file at that position, the step is not stored:
 * its file would have to be empty, under a name that later records need. The next step then starts further back.
 */
export function archiveWriter(store: ObjectStore, owner: Owner, runtime: Runtime): ArchiveWriter {
  const known = new Map<string, Totals>()
  // Partitions whose last steps were not stored: where those ended, and the stored position.
  const behind = new Map<string, { readonly at: Position; readonly stored: Position }>()
  const claimAll = async (steps: readonly Step[], claims: Claims) => {
    const made = steps.map(async (step) => {
      const key = partitionKey(step.partition)
      const claimed = claims.byPartition.get(key) ?? (await claim(store, step, claims.id, known.get(key) ?? NO_TOTALS))
      if (claimed === 'unneeded') behind.set(key, { at: step.to, stored: step.from })
      else if (claimed) claims.byPartition.set(key, claimed)
      return claimed !== undefined
    })
    return (await Promise.all(made)).every(Boolean)
  }
  const fromStored = (step: Step): Step => {
    const skipped = behind.get(partitionKey(step.partition))
    return skipped && samePosition(skipped.at, step.from) ? { ...step, from: skipped.stored } : step
  }
  return {
    async begin(partitions) {
      const positions = new Map<Partition, Position>()
      const ofKnownTopics = new Set<Partition>()
      const mine = await ownTopics(store, owner, partitions)
      const startsOf = onceFor(
        ({ topic, identity }: Partition) => JSON.stringify([topic, identity]),
        (partition) => topicStarts(store, partition),
      )
      await eachOf(
        partitions.filter(({ topic }) => mine.has(topic)),
        async (partition) => {
          const starts = await startsOf(partition)
          if (starts) ofKnownTopics.add(partition)
          const start = await startOf(store, partition, starts)
          if (!start) return
          const tip = await tipOf(store, partition)
          behind.delete(partitionKey(partition))
          known.set(partitionKey(partition), tip?.totals ?? NO_TOTALS)
          positions.set(partition, tip?.position ?? start)
        },
      )
      return { positions, ofKnownTopics }
    },
    async commit(steps, claims) {
      const begun = await beginNew(store, owner, steps)
      if (!begun) return false
      if (!(await claimAll(begun.map(fromStored), claims))) return false
      runtime.crashPoint('claimed')
      const done = await Promise.all([...claims.byPartition.values()].map((each) => publish(store, each)))
      runtime.crashPoint('archived')
      for (const [i, [key, { entry }]] of [...claims.byPartition].entries()) {
        if (done[i]) known.set(key, entry.totals)
      }
      return done.every(Boolean)
    },
    totals: () => [...known.values()].reduce(addTotals, NO_TOTALS),
  }
}

function addTotals(a: Totals, b: Totals): Totals {
  return {
    files: a.files + b.files,
    bytes: a.bytes + b.bytes,
    records: a.records + b.records,
    newest: Math.max(a.newest, b.newest),
  }
}

async function ownTopics(store: ObjectStore, owner: Owner, partitions: readonly Partition[]): Promise<Set<string>> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  const owners = await Promise.all(topics.map((topic) => ownerOf(store, topic)))
  return new Set(
    topics.filter((_, i) => owners[i]?.pipeline === owner.pipeline && owners[i]?.dataset === owner.dataset),
  )
}

function onceFor<T, R>(key: (of: T) => string, work: (of: T) => Promise<R>): (of: T) => Promise<R> {
  const done = new Map<string, Promise<R>>()
  return (of) => {
    const result = done.get(key(of)) ?? work(of)
    done.set(key(of), result)
    return result
  }
}

const AT_ONCE = 32

async function eachOf<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const left = [...all]
  const workers = Array.from({ length: Math.min(AT_ONCE, all.length) }, async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next)
  })
  await Promise.all(workers)
}

/**
 * Stores where partitions begin that are new, and returns the steps that are left to take. Undefined: another worker
 * has stored something else.
 */
async function beginNew(
  store: ObjectStore,
  owner: Owner,
  steps: readonly ArchiveStep[],
): Promise<readonly Step[] | undefined> {
  const fresh = steps.filter(({ from }) => from === undefined)
  const starts = fresh.map(({ partition, to, begins }) => ({ partition, to: begins ?? to }))
  const byTopic = Map.groupBy(starts, ({ partition: { topic, identity } }) => JSON.stringify([topic, identity]))
  const stored = await Promise.all([...byTopic.values()].map((of) => storeStarts(store, owner, of)))
  if (!stored.every(Boolean)) {
    // Records may begin where another try of the same commit, or another worker, has let them begin.
    const same = starts.map(async ({ partition, to }) =>
      samePosition(await startOf(store, partition, await topicStarts(store, partition)), to),
    )
    const withRecords = fresh.every(({ begins }) => begins)
    if (!withRecords || !(await Promise.all(same)).every(Boolean)) return undefined
  }
  return steps.flatMap((step) => {
    const from = step.from ?? step.begins
    return from ? [{ ...step, from }] : []
  })
}

/**
 * Creates the entry of a step. Undefined: another worker has taken one from there. Unneeded: another one has begun a
 * file from there, and the step has no records.
 */
async function claim(
  store: ObjectStore,
  step: Step,
  id: string,
  before: Totals,
): Promise<Claim | 'unneeded' | undefined> {
  const { partition, to, from } = step
  let { packed } = step
  for (let attempt = 1; ; attempt++) {
    const entry = entryOf(id, to, packed, before)
    if ((await store.putIfAbsent(entryKey(partition, from, attempt), await encodeEntry(entry))) === 'created') {
      return { packed, entry }
    }
    const found = await readEntry(store, partition, from, attempt)
    if (found?.id === id) return { packed, entry }
    if (!found?.file || (await exists(store, found.file.key))) return undefined
    if (!packed) return 'unneeded'
    if (attempt === 1 && beginsBehind(found.file, to)) return undefined
    packed = await packAgain(packed, found.file.key, attempt)
  }
}

/** Whether the first record of a file comes after a step: under its name, the step's file would take a later one's. */
function beginsBehind({ records }: FileEntry, to: Position): boolean {
  const [first] = offsetsIn(records)
  return first !== undefined && reached(positionOfName(first), to)
}

function entryOf(id: string, to: Position, packed: Packed | undefined, before: Totals): Entry {
  if (!packed) return { id, to: textsOf(to), totals: before }
  const { file, newest } = packed
  const totals = {
    files: before.files + 1,
    bytes: before.bytes + file.size,
    records: before.records + file.records.count,
    newest: Math.max(before.newest, newest),
  }
  return { id, to: textsOf(to), file, totals }
}

async function exists(store: ObjectStore, key: string): Promise<boolean> {
  for await (const each of store.keys(key)) if (each === key) return true
  return false
}

/** Creates the file of a step, which is its commit. False: the file is another worker's. */
async function publish(store: ObjectStore, { packed }: Claim): Promise<boolean> {
  if (!packed) return true
  const { key } = packed.file
  if ((await store.putIfAbsent(key, packed.bytes)) === 'created') return true
  // It may be ours, by a call whose answer was lost: the spaces at its end make each try's bytes its own.
  const found = await store.get(key)
  return found !== undefined && isFile(found, packed.file)
}
