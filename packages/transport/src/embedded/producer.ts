import { joinValues, type Runtime } from '@millrace/base'
import type { OutgoingRecord, Producer, SentRecord } from '../source.ts'
import { openEmbeddedStore } from './store.ts'

const NEW_TOPIC_PARTITIONS = 1

/** Answers when SQLite has synced. Records without a partition share the first one. */
export function embeddedProducer(path: string, runtime: Runtime): Producer {
  const store = openEmbeddedStore(path)
  return {
    async send(topicName, records) {
      const topic = await store.openTopic(topicName, NEW_TOPIC_PARTITIONS)
      const sent: SentRecord[] = []
      for (const [partition, group] of byPartition(records)) {
        const base = await store.append(topic, partition, joinValues(group.map(({ value }) => value)), runtime.now())
        sent.push(...group.map((_, i) => ({ partition: String(partition), offset: BigInt(base + i) })))
      }
      return sent
    },
    close: () => store.close(),
  }
}

function byPartition(records: readonly OutgoingRecord[]): Map<number, OutgoingRecord[]> {
  const groups = new Map<number, OutgoingRecord[]>()
  for (const record of records) {
    const partition = record.partition ?? 0
    const group = groups.get(partition)
    if (group) group.push(record)
    else groups.set(partition, [record])
  }
  return groups
}
