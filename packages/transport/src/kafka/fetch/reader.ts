import { MillraceError, type Runtime } from '@millrace/base'
import { type BufferPool, createBufferPool } from '../../buffers.ts'
import { type Block, type Partition, type Position, partitionKey, type ReadOptions } from '../../source.ts'
import type { Cluster } from '../cluster.ts'
import { answered, KAFKA } from '../kafka-error.ts'
import { leaderOf } from '../leader.ts'
import type { Offsets } from '../offsets.ts'
import { buildColumns } from '../records/block-builder.ts'
import { createLargeBatches, type LargeBatches, type LargePiece } from '../records/large-batches.ts'
import { readRecords } from '../records/read-records.ts'
import type { Broker, Security } from '../security.ts'
import { type BrokerFetcher, openBrokerFetcher } from './broker-fetcher.ts'
import type { FetchedPartition } from './fetch-response.ts'

/** Reads partitions from their leaders. */
export interface Reader {
  read(partition: Partition, from: Position, options: ReadOptions): Promise<Block | undefined>
  close(): void
}

const RETRY_MS = 100
/** The network, too, can damage bytes: what is damaged in the broker comes damaged every time. */
const DAMAGED_FOR_GOOD = 3

interface Reached {
  readonly next: number
  readonly epoch: number
  /** How many bytes come out of one that travels. */
  readonly expansion: number
}

export function createReader(cluster: Cluster, offsets: Offsets, security: Security, runtime: Runtime): Reader {
  const fetchers = new Map<string, BrokerFetcher>()
  const reached = new Map<string, Reached>()
  const buffers = createBufferPool()
  const larges = createLargeBatches(runtime)
  const laneTo = (broker: Broker) => {
    const key = `${broker.host}:${broker.port}`
    const fetcher = fetchers.get(key) ?? openBrokerFetcher(broker, security, runtime)
    fetchers.set(key, fetcher)
    return fetcher
  }
  /** A block; undefined if nothing came; 'later' if it came and there is no room for it. */
  const attempt = async (partition: Partition, from: number, until: number, options: ReadOptions) => {
    if (options.room?.open === false || larges.refuses(partition, from)) return 'later'
    const piece = await larges.next(partition, from, options.maxBytes)
    if (piece) return blockOfPiece(partition, from, piece, options)
    const topic = await cluster.knownTopic(partition.topic)
    const { leader, leaderEpoch } = leaderOf(topic, partition)
    const before = reached.get(partitionKey(partition))
    const wanted = {
      topic: topic.fetchedAs,
      index: Number(partition.id),
      leaderEpoch,
      offset: from,
      lastEpoch: before?.next === from ? before.epoch : -1,
      maxBytes: Math.ceil(options.maxBytes / (before?.expansion ?? 1)),
    }
    const use = (part: FetchedPartition) => {
      if (part.error !== 0) throw new FetchRefusal(part.error)
      if (part.divergesAt !== undefined) throw cutBack(partition, from, part.divergesAt)
      return blockOf(partition, from, part, options, buffers, larges)
    }
    const result = await laneTo(leader).fetch(wanted, until, use, options)
    if (result === 'later') return result
    if (result) reached.set(partitionKey(partition), result.reached)
    return result?.block
  }
  /** Handles a failed attempt; throws if the partition does not hold the position any more. */
  const explain = async (error: unknown, partition: Partition, from: bigint) => {
    if (error instanceof MillraceError) return error
    if (!(error instanceof FetchRefusal)) return new MillraceError('INTERNAL', String(error), { cause: error })
    if (error.number === KAFKA.OFFSET_OUT_OF_RANGE) {
      reached.delete(partitionKey(partition))
      await offsets.checkRange(partition, from)
    }
    return answered(error.number, partitionKey(partition))
  }
  return {
    async read(partition, [from = 0n], options) {
      const until = runtime.monotonic() + options.waitMs
      for (let damaged = 0; ; ) {
        try {
          const block = await attempt(partition, Number(from), until, options)
          if (block !== 'later') return block
          // There are records to read, so the wait goes on after the time is over: an empty answer would mean the end.
          if (options.room?.open === false) await options.room.opened(options.signal)
          else await runtime.sleep(RETRY_MS, options.signal).catch(() => {})
          if (options.signal?.aborted) return undefined
        } catch (error) {
          cluster.forget(partition.topic)
          const failure = await explain(error, partition, from)
          if (failure.code === 'SOURCE_DAMAGED') damaged++
          const over = runtime.monotonic() >= until || options.signal?.aborted
          if (damaged > 0 ? damaged === DAMAGED_FOR_GOOD : !failure.retry || over) throw failure
          await runtime.sleep(RETRY_MS, options.signal).catch(() => {})
        }
      }
    },
    close() {
      for (const fetcher of fetchers.values()) fetcher.close()
      larges.close()
    },
  }
}

/** A broker's no to one partition, before it is known what it means. */
class FetchRefusal extends Error {
  readonly number: number
  constructor(number: number) {
    super(`Fetch was refused with ${number}`)
    this.number = number
  }
}

function blockOf(
  partition: Partition,
  from: number,
  part: FetchedPartition,
  { maxBytes, keys, withoutKey, headers, before, room }: ReadOptions,
  buffers: BufferPool,
  larges: LargeBatches,
): { block: Block; reached: Reached } | 'later' | undefined {
  if (room?.open === false) return 'later'
  let taken: Buffer | undefined
  const take = (size: number) => {
    taken = buffers.take(size)
    return taken
  }
  const recycle = () => {
    if (taken) buffers.give(taken)
    taken = undefined
  }
  const wanted = { keys, withoutKey, headers, before }
  const { columns, next, epoch, large } = readRecords(part, from, maxBytes, take, wanted)
  if (large) {
    larges.take(partition, from, large)
    return 'later'
  }
  if (next === from) {
    recycle()
    return undefined
  }
  const expansion = Math.max(1, columns.bytes.length / (part.end - part.start))
  const behind = { records: Math.max(0, Number(part.stableEnd) - next) }
  room?.claim(columns.bytes.length)
  const block = { partition, from: [BigInt(from)], to: [BigInt(next)], ...columns, behind, recycle }
  return { block, reached: { next, epoch, expansion } }
}

/** Returns a piece as a block; its buffer is not pooled, as pieces are rare. */
function blockOfPiece(partition: Partition, from: number, piece: LargePiece, options: ReadOptions): Block {
  const { room } = options
  const { batch, unpacked, count, next, oversized } = piece
  const columns = buildColumns([{ batch: { ...batch, count }, unpacked }], from, Buffer.allocUnsafeSlow, options)
  room?.claim(columns.bytes.length)
  const marks = oversized.size > 0 && { oversized }
  return { partition, from: [BigInt(from)], to: [BigInt(next)], ...columns, ...marks }
}

function cutBack(partition: Partition, from: number, end: bigint): MillraceError {
  return new MillraceError(
    'SOURCE_CHANGED',
    `the log of ${partitionKey(partition)} was cut back to offset ${end}, behind ${from} that was read already`,
    {
      next: 'An unclean leader election lost records. Use a new group with a start position, or go on after the gap.',
    },
  )
}
