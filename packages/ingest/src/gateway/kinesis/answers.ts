import type { SentRecord, TopicDescription } from '@millrace/transport'
import { type Refusal, RefusedRequest } from '../refusal.ts'

/** A refusal that Kinesis has a name for. */
class KinesisRefusal extends RefusedRequest {
  readonly type: string

  constructor(type: string, message: string) {
    super({ status: 400, message })
    this.type = type
  }
}

export function invalidArgument(message: string): RefusedRequest {
  return new KinesisRefusal('InvalidArgumentException', message)
}

export function streamMissing(name: string): RefusedRequest {
  return new KinesisRefusal('ResourceNotFoundException', `Stream ${name} not found.`)
}

export function streamThere(name: string): RefusedRequest {
  return new KinesisRefusal('ResourceInUseException', `Stream ${name} already exists.`)
}

const TYPES: Readonly<Record<number, string>> = {
  40401: 'ResourceNotFoundException',
  42901: 'ProvisionedThroughputExceededException',
  42902: 'ProvisionedThroughputExceededException',
  42903: 'ProvisionedThroughputExceededException',
  422: 'InvalidArgumentException',
  403: 'AccessDeniedException',
  40301: 'AccessDeniedException',
  50302: 'ServiceUnavailable',
}

/** What API Gateway says by itself has a message alone; what comes from Kinesis has a type. */
export function refused(refusal: Refusal): object {
  const type = refusal instanceof KinesisRefusal ? refusal.type : TYPES[refusal.code]
  return { ...(type && { __type: type }), message: refusal.message }
}

export function stored({ partition, offset }: SentRecord): object {
  return { SequenceNumber: String(offset), ShardId: shardId(partition) }
}

export function allStored(sent: readonly SentRecord[]): object {
  return { FailedRecordCount: 0, Records: sent.map(stored) }
}

/** What numbers its partitions has them named as Kinesis would. */
function shardId(partition: string): string {
  return /^\d+$/.test(partition) ? `shardId-${partition.padStart(12, '0')}` : partition
}

const HASH_KEYS = 2n ** 128n
const HOUR_MS = 3_600_000

export function described({ name, configs, partitions, createdAt, ready }: TopicDescription): object {
  const retention = Number(configs['retention.ms'])
  const count = BigInt(partitions.length)
  return {
    StreamDescription: {
      StreamName: name,
      StreamARN: `arn:aws:kinesis:millrace:000000000000:stream/${name}`,
      StreamStatus: ready ? 'ACTIVE' : 'CREATING',
      Shards: partitions.map(({ id, hashKeys }, i) => ({
        ShardId: shardId(id),
        HashKeyRange: {
          StartingHashKey: String(hashKeys?.from ?? (HASH_KEYS * BigInt(i)) / count),
          EndingHashKey: String(hashKeys?.to ?? (HASH_KEYS * BigInt(i + 1)) / count - 1n),
        },
        SequenceNumberRange: { StartingSequenceNumber: '0' },
      })),
      HasMoreShards: false,
      RetentionPeriodHours: retention > 0 ? Math.max(1, Math.round(retention / HOUR_MS)) : 24,
      ...(createdAt !== undefined && { StreamCreationTimestamp: createdAt / 1000 }),
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      EncryptionType: 'NONE',
    },
  }
}
