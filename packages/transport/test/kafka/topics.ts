import { freshName } from '@millrace/test'
import { Kafka, logLevel } from 'kafkajs'

/** The reference client. */
export function kafkajs(bootstrap: string): Kafka {
  return new Kafka({ clientId: 'reference', brokers: [bootstrap], logLevel: logLevel.NOTHING })
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
  await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: true })
  await admin.disconnect()
  return topic
}
