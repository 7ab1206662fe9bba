import { Kafka, logLevel } from 'kafkajs'
import { expect, vi } from 'vitest'

export interface NewTopic {
  readonly topic: string
  readonly numPartitions: number
  readonly settings?: Readonly<Record<string, string>>
}

const WITHIN = { timeout: 30_000, interval: 100 }

/** Makes topics; when it returns, records can be sent to every partition. */
export async function makeKafkaTopics(bootstrap: string, topics: readonly NewTopic[]): Promise<void> {
  const admin = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const wanted = topics.map(({ settings = {}, ...topic }) => ({
    ...topic,
    configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
  }))
  await admin.createTopics({ topics: wanted, waitForLeaders: false })
  // The client's own waiting gives up when a broker has not heard of the topic yet.
  await vi.waitFor(async () => {
    const made = await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) })
    const partitions = made.topics.flatMap((topic) => topic.partitions)
    expect(partitions).toHaveLength(topics.reduce((sum, { numPartitions }) => sum + numPartitions, 0))
    expect(partitions.every(({ leader }) => leader >= 0)).toBe(true)
  }, WITHIN)
  await admin.disconnect()
}
