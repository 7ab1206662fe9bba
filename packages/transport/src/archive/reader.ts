import { MillraceError, type Runtime } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import {
  type Block,
  endAt,
  type Partition,
  type Position,
  partitionKey,
  type ReadOptions,
  reached,
  type StartPosition,
  samePosition,
} from '../source.ts'
import { floorOf, type Step, stepAt, tipOf } from './chain.ts'
import { type FileEntry, offsetsIn, positionOf, type Totals, timesIn } from './entry.ts'
import { decodeLines } from './lines.ts'
import { positionOfName } from './names.ts'
import { linesIn } from './pack.ts'
import type { PartitionReader } from './partition-reader.ts'
import { fittingFrom, sliceBlock } from './slice.ts'
import { startOf, topicStarts } from './starts.ts'
import { timeIn } from './times.ts'

const POLL_MS = 250

/** A file that has been handed over in part. */
interface Opened {
  readonly block: Block
  readonly next: number
  readonly totals: Totals
}

/** Reads what Millrace has archived: step by step, each from where the one before it ended. */
export function openReader(store: ObjectStore, runtime: Runtime): PartitionReader {
  const opened = new Map<string, Opened>()
  // Where the last block of a partition ended is where a step begins.
  const ends = new Map<string, Position>()
  const newest = new Map<string, number>()

  const startPosition = async (partition: Partition): Promise<Position> => {
    const start = await startOf(store, partition, await topicStarts(store, partition))
    if (start) return start
    throw new MillraceError('SOURCE_CHANGED', `${store.url} has no ${partitionKey(partition)} of ${partition.identity}`)
  }
  const tip = async (partition: Partition): Promise<Position> => {
    const found = await tipOf(store, partition)
    newest.set(partitionKey(partition), found?.totals.records ?? 0)
    return found?.position ?? startPosition(partition)
  }
  /** Returns the step that the position is in; undefined where nothing has been archived from there on. */
  const locate = async (partition: Partition, from: Position): Promise<Step | undefined> => {
    if (samePosition(ends.get(partitionKey(partition)), from)) return stepAt(store, partition, from)
    const at = await floorOf(store, partition, from, 'at or before')
    const step = at && (await stepAt(store, partition, at))
    const until = step ? positionOf(step.entry.to) : (at ?? (await startPosition(partition)))
    if (step && !reached(from, until)) return step
    if (samePosition(from, until)) return undefined
    throw new MillraceError('OFFSET_OUT_OF_RANGE', `${partitionKey(partition)}: ${store.url} has nothing at ${from}`)
  }
  const behind = async (partition: Partition, records: number) => {
    const key = partitionKey(partition)
    if ((newest.get(key) ?? 0) <= records) await tip(partition)
    return { records: Math.max(0, (newest.get(key) ?? 0) - records) }
  }
  const handOver = async (from: Position, { block, next, totals }: Opened, maxBytes: number): Promise<Block> => {
    const key = partitionKey(block.partition)
    const last = fittingFrom(block, next, maxBytes)
    const isWhole = last >= block.count
    if (isWhole) opened.delete(key)
    else opened.set(key, { block, next: last, totals })
    const to = isWhole ? block.to : positionOfName(block.offsets[last] ?? 0n)
    if (isWhole) ends.set(key, to)
    const lag = await behind(block.partition, totals.records - (block.count - Math.min(last, block.count)))
    return { ...sliceBlock(block, next, last), from, to, behind: lag }
  }
  /** Goes over the steps without records that come first. */
  const nextOpened = async (partition: Partition, from: Position, options: ReadOptions): Promise<Opened | Position> => {
    for (let at = from; ; ) {
      const step = await locate(partition, at)
      if (!step) return at
      const { entry, bytes } = step
      if (entry.file && bytes) {
        await claimRoom(entry.file, options)
        const block = await blockOf(partition, positionOf(entry.to), entry.file, bytes)
        const next = firstFrom(block, at)
        if (next < block.count) return { block, next, totals: entry.totals }
      }
      at = positionOf(entry.to)
      ends.set(partitionKey(partition), at)
    }
  }
  const readNow = async (partition: Partition, from: Position, options: ReadOptions): Promise<Block | undefined> => {
    const partly = opened.get(partitionKey(partition))
    const goesOn = partly && samePosition(positionOfName(partly.block.offsets[partly.next] ?? 0n), from)
    const next = goesOn ? partly : await nextOpened(partition, from, options)
    if (!isPosition(next)) return handOver(from, next, options.maxBytes)
    return samePosition(next, from) ? undefined : emptyBlock(partition, from, next)
  }
  return {
    resolve: (partition, start) => resolve(store, partition, start, startPosition, tip),
    end: async (partition) => endAt(await tip(partition)),
    async read(partition, from, options) {
      const deadline = runtime.monotonic() + options.waitMs
      for (;;) {
        const block = await readNow(partition, from, options)
        if (block) return asAsked(block, options)
        if (runtime.monotonic() >= deadline || options.signal?.aborted) return undefined
        await runtime.sleep(Math.min(POLL_MS, deadline - runtime.monotonic()), options.signal).catch(() => {})
      }
    },
  }
}

/** Leaves out what was not asked for. */
function asAsked({ keys, headers, ...block }: Block, asked: ReadOptions): Block {
  return { ...block, ...(keys && asked.keys && { keys }), ...(headers && asked.headers && { headers }) }
}

function isPosition(found: Opened | Position): found is Position {
  return Array.isArray(found)
}

async function resolve(
  store: ObjectStore,
  partition: Partition,
  start: StartPosition,
  first: (partition: Partition) => Promise<Position>,
  tip: (partition: Partition) => Promise<Position>,
): Promise<Position> {
  if (start === 'earliest') return first(partition)
  const end = await tip(partition)
  if (start === 'latest') return end
  const at = await timeIn(store, partition, start.time, end)
  if (!at) return end
  const step = await stepAt(store, partition, at)
  if (!step?.entry.file) return at
  const { records } = step.entry.file
  const index = timesIn(records).findIndex((time) => time >= start.time)
  return index <= 0 ? at : positionOfName(offsetsIn(records)[index] ?? 0n)
}

async function claimRoom({ records }: FileEntry, { room, signal }: ReadOptions): Promise<void> {
  if (!room) return
  if (!room.open) await room.opened(signal)
  room.claim(records.bytes)
}

async function blockOf(partition: Partition, to: Position, file: FileEntry, bytes: Uint8Array): Promise<Block> {
  const { records } = file
  const values = decodeLines(await linesIn(bytes, file), records.odd, records.count, records.traits)
  const texts = (all: readonly (string | null)[]) => all.map((text) => text ?? undefined)
  return {
    ...values,
    ...{ partition, from: to, to },
    offsets: offsetsIn(records),
    times: timesIn(records),
    ...(records.keys && { keys: texts(records.keys) }),
    ...(records.headers && { headers: texts(records.headers) }),
    ...(records.ids && { ids: texts(records.ids) }),
    ...(records.oversized && { oversized: new Map(records.oversized) }),
  }
}

function firstFrom({ offsets, count }: Block, from: Position): number {
  let index = 0
  while (index < count && !reached(positionOfName(offsets[index] ?? 0n), from)) index++
  return index
}

function emptyBlock(partition: Partition, from: Position, to: Position): Block {
  return {
    ...{ partition, from, to, count: 0 },
    bytes: new Uint8Array(),
    ends: new Int32Array(),
    traits: { nulls: false, lineBreaks: false, longest: 0, first: -1 },
    offsets: new BigInt64Array(),
    times: new Float64Array(),
  }
}
