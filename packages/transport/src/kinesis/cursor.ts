import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  type _Record as SdkRecord,
  type ShardIteratorType,
} from '@aws-sdk/client-kinesis'
import { type Partition, partitionKey } from '../source.ts'
import { fromKinesis, nameOf, outOfRange } from './kinesis-error.ts'
import type { ShardPosition } from './position.ts'
import type { Stream, Streams } from './streams.ts'

/** Asks one shard: for an iterator at a position, and for what comes after an iterator. */
export interface Cursors {
  iteratorAt(partition: Partition, stream: Stream, shardPosition: ShardPosition): Promise<string>
  latest(partition: Partition): Promise<string>
  /** Fails with the SDK's own error: some of them are part of reading. */
  next(iterator: string, options?: NextOptions): Promise<Page>
}

interface NextOptions {
  readonly limit?: number
  readonly signal?: AbortSignal | undefined
}

export interface Page {
  readonly records: readonly SdkRecord[]
  /** Undefined when the shard has ended. */
  readonly iterator: string | undefined
  /** Whether no more records are there now. */
  readonly atTip: boolean
  /** How much newer the shard's newest record is. */
  readonly behindMs: number
}

export function openCursors(client: KinesisClient, streams: Streams): Cursors {
  const ask = async (partition: Partition, type: ShardIteratorType, where: Where = {}): Promise<string> => {
    const { topic, id } = partition
    const command = new GetShardIteratorCommand({ StreamName: topic, ShardId: id, ShardIteratorType: type, ...where })
    return (await client.send(command)).ShardIterator ?? ''
  }
  const latest = (partition: Partition) =>
    ask(partition, 'LATEST').catch((error) => {
      throw fromKinesis(error, partitionKey(partition))
    })
  const fromTime = async (partition: Partition, stream: Stream, time: number): Promise<string> => {
    if (time <= stream.createdAt) return ask(partition, 'TRIM_HORIZON')
    try {
      return await ask(partition, 'AT_TIMESTAMP', { Timestamp: new Date(time) })
    } catch (error) {
      // A time in the future by the server's clock: reading from now on is the same.
      if (nameOf(error) === 'InvalidArgumentException') return latest(partition)
      throw error
    }
  }
  return {
    latest,
    async iteratorAt(partition, stream, { sequence, next, through }) {
      try {
        if (sequence === 0n) return await fromTime(partition, stream, through)
        const type = next === 'after' ? 'AFTER_SEQUENCE_NUMBER' : 'AT_SEQUENCE_NUMBER'
        return await ask(partition, type, { StartingSequenceNumber: String(sequence) })
      } catch (error) {
        if (sequence === 0n || !NOWHERE.has(nameOf(error))) throw fromKinesis(error, partitionKey(partition))
        await streams.refreshed(partition.topic)
        await streams.shardOf(partition)
        throw outOfRange(partition, sequence, error)
      }
    },
    async next(iterator, { limit, signal } = {}) {
      const command = new GetRecordsCommand({ ShardIterator: iterator, ...(limit ? { Limit: limit } : {}) })
      const page = await client.send(command, signal ? { abortSignal: signal } : {})
      const records = page.Records ?? []
      return {
        records,
        iterator: page.NextShardIterator ?? undefined,
        // Empty pages occur in the middle of a shard too, and the end of a shard can come with an extra page.
        atTip: records.length === 0 && (page.MillisBehindLatest ?? 0) === 0,
        behindMs: page.MillisBehindLatest ?? 0,
      }
    },
  }
}

interface Where {
  readonly Timestamp?: Date
  readonly StartingSequenceNumber?: string
}

const NOWHERE = new Set(['InvalidArgumentException', 'ResourceNotFoundException'])
