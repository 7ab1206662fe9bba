import { freshName } from '@millrace/test'
import { Kafka, logLevel } from 'kafkajs'
import { expect, vi } from 'vitest'

const WITHIN = { timeout: 20_000, interval: 100 }

/** The reference client. */
export function kafkajs(bootstrap: string): Kafka {
  return new Kafka({ clientId: 'reference', brokers: bootstrap.split(','), logLevel: logLevel.NOTHING })
}

export async function makeTopic(
  bootstrap: string,
  numPartitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const topic = freshName('topic')
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  const admin = kafkajs(bootstrap).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: false })
  // The client's own waiting gives up when a second broker has not heard of the topic yet.
  await vi.waitFor(async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    expect(topics[0]?.partitions.every(({ leader }) => leader >= 0)).toBe(true)
  }, WITHIN)
  await admin.disconnect()
  return topic
}
