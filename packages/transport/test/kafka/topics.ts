import { freshName, makeKafkaTopics } from '@millrace/testkit'
import { Kafka, logLevel } from 'kafkajs'

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
  await makeKafkaTopics(bootstrap, [{ topic, numPartitions, settings }])
  return topic
}
