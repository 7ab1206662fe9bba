import { join } from 'node:path'
import {
  freshBucket,
  freshName,
  type KafkaAddress,
  type KinesisAddress,
  makeKafkaTopics,
  openKinesisStream,
  type S3Address,
} from '@millrace/testkit'
import type { Readable } from './checker.ts'
import type { Setting } from './scene.ts'

export interface Servers {
  readonly kafka: KafkaAddress
  readonly kinesisMock: KinesisAddress
  readonly s3: S3Address
}

/** A topic of one's own in a message system. */
export interface Topic {
  readonly source: string
  readonly topic: string
  readonly partitions: number
}

/** Where no server is needed. */
export const LOCAL: Setting = {
  topic: async (folder) => ({ source: `embedded:${join(folder, 'stream.db')}`, topic: 'users', partitions: 1 }),
  lake: async (folder) => ({ address: join(folder, 'lake'), tables: join(folder, 'lake') }),
}

export type SourceName = 'Kafka' | 'Kinesis' | 'embedded'
export type StoreName = 'folder' | 'S3'

/** How each message system is given a new topic. */
export const SOURCES: Readonly<Record<SourceName, (servers: Servers, folder: string) => Promise<Topic>>> = {
  Kafka: ({ kafka }) => kafkaTopic(kafka),
  async Kinesis({ kinesisMock }) {
    const [topic, partitions] = [freshName('users'), 3]
    const { source, close } = await openKinesisStream(kinesisMock, topic, partitions)
    close()
    return { source, topic, partitions }
  },
  embedded: (_, folder) => LOCAL.topic(folder),
}

export type Lake = Readable & { readonly address: string }

/** How each kind of store is given a new lake. */
export const STORES: Readonly<Record<StoreName, (servers: Pick<Servers, 's3'>, folder: string) => Promise<Lake>>> = {
  folder: (_, folder) => LOCAL.lake(folder),
  async S3({ s3 }) {
    const bucket = await freshBucket('lake', s3)
    const address = `s3://${bucket}/lake?endpoint=${s3.endpoint}&region=${s3.region}&pathStyle=true`
    return { address, tables: `s3://${bucket}/lake`, s3 }
  },
}

export function settingOf(source: SourceName, store: StoreName, servers: Servers): Setting {
  return { topic: (folder) => SOURCES[source](servers, folder), lake: (folder) => STORES[store](servers, folder) }
}

export async function kafkaTopic({ bootstrap }: KafkaAddress, topic = freshName('users')): Promise<Topic> {
  const partitions = 3
  await makeKafkaTopics(bootstrap, [{ topic, numPartitions: partitions }])
  return { source: `kafka://${bootstrap}`, topic, partitions }
}

/** Where every AWS SDK looks, here and in the workers; the stand-in for Kinesis takes any. */
export function useCredentials({ accessKeyId, secretAccessKey }: S3Address): void {
  process.env.AWS_ACCESS_KEY_ID = accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = secretAccessKey
}
