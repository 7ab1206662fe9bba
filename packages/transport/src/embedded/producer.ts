import { joinValues, MillraceError, type Runtime, textOfKey } from '@millrace/base'
import type { OutgoingRecord, Producer, SentRecord } from '../source.ts'
import type { NewMessages } from './append.ts'
import { openEmbeddedStore } from './store.ts'
import { MOST_RECORDS } from './stored-batch.ts'

const NEW_TOPIC_PARTITIONS = 1

/** Answers when SQLite has synced. Records without a partition share the first one. */
export function embeddedProducer(path: string, runtime: Runtime): Producer {
  const store = openEmbeddedStore(path)
  return {
    async send(topicName, records) {
      const topic = await store.openTopic(topicName, NEW_TOPIC_PARTITIONS)
      const sent = new Array<SentRecord>(records.length)
      const groups = byPartition(records)
      const wrong = groups.keys().find((partition) => partition < 0 || partition >= topic.partitions)
      if (wrong !== undefined) throw new MillraceError('USAGE', `topic ${topicName} has no partition ${wrong}`)
      const rows = groups
        .entries()
        .flatMap(([partition, all]) => rowsOf(all).map((places) => [partition, places] as const))
      for (const [partition, places] of rows) {
        const messages = messagesOf(places.map((at) => records[at] as OutgoingRecord))
        const stored = await store.append(topic, partition, messages, runtime.now())
        for (const [i, { partition, offset }] of stored.entries()) {
          sent[places[i] as number] = { partition: String(partition), offset: BigInt(offset) }
        }
      }
      return sent
    },
    close: () => store.close(),
  }
}

function messagesOf(records: readonly OutgoingRecord[]): NewMessages {
  const keyed = records.some(({ key }) => key)
  const named = records.some(({ id }) => id !== undefined)
  return {
    ...joinValues(records.map(({ value }) => value)),
    ...(keyed && { keys: records.map(({ key }) => (key ? textOfKey(key) : null)) }),
    ...(named && { ids: records.map(({ id }) => id ?? null) }),
  }
}

/** Returns the indexes of the records that go to each partition. */
function byPartition(records: readonly OutgoingRecord[]): Map<number, number[]> {
  return Map.groupBy(records.keys(), (at) => records[at]?.partition ?? 0)
}

function rowsOf(places: readonly number[]): number[][] {
  const starts = Array.from({ length: Math.ceil(places.length / MOST_RECORDS) }, (_, row) => row * MOST_RECORDS)
  return starts.map((start) => places.slice(start, start + MOST_RECORDS))
}
