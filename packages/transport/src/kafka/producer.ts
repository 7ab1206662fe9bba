import { MillraceError, type Runtime } from '@millrace/base'
import { Producer as LibraryProducer, ProduceAcks } from '@platformatic/kafka'
import { ID_HEADER, type OutgoingRecord, type Producer, type SentRecord } from '../source.ts'
import { parseKafkaAddress } from './address.ts'
import { openCluster } from './cluster.ts'
import { libraryOptions } from './library.ts'
import { type Message, type Outcomes, sendToPartition } from './partition-sender.ts'
import { createPartitioner } from './partitioner.ts'

const ANSWER_WITHIN_MS = 30_000

interface Sending {
  readonly messages: readonly Message[]
  resolve(sent: SentRecord[]): void
  reject(error: unknown): void
}

/** Answers when all in-sync replicas have the records. Idempotent: a repetition by itself never doubles a record. */
export function kafkaProducer(address: string, runtime: Runtime): Producer {
  const target = parseKafkaAddress(address, process.env)
  const cluster = openCluster(target, ANSWER_WITHIN_MS, runtime)
  const options = { ...libraryOptions(target, ANSWER_WITHIN_MS), idempotent: true, acks: ProduceAcks.ALL }
  const library = new LibraryProducer(options)
  const choose = createPartitioner()
  let waiting: Sending[] = []
  let busy = false

  /** What is sent while a request is under way travels together in the next. */
  const sendWaiting = async () => {
    busy = true
    while (waiting.length > 0) {
      const together = waiting
      waiting = []
      await sendTogether(library, together)
    }
    busy = false
  }
  return {
    async send(topic, records) {
      const { partitions } = await cluster.knownTopic(topic)
      const messages = records.map((record) => messageOf(topic, record, choose(topic, record, partitions.length)))
      const wrong = messages.find(({ partition }) => partition < 0 || partition >= partitions.length)
      if (wrong) throw new MillraceError('USAGE', `topic ${topic} has no partition ${wrong.partition}`)
      return new Promise((resolve, reject) => {
        waiting.push({ messages, resolve, reject })
        if (!busy) void sendWaiting()
      })
    },
    async close() {
      await library.close()
      await cluster.close()
    },
  }
}

/** Partition by partition, all of them at once. */
async function sendTogether(library: LibraryProducer, together: readonly Sending[]): Promise<void> {
  const outcomes: Outcomes = new Map()
  const messages = together.flatMap((sending) => sending.messages)
  const byPartition = Map.groupBy(messages, ({ topic, partition }) => `${topic}/${partition}`)
  await Promise.all([...byPartition.values()].map((some) => sendToPartition(library, some, outcomes)))
  for (const { messages, resolve, reject } of together) {
    const sent: SentRecord[] = []
    for (const message of messages) {
      const outcome = outcomes.get(message)
      if (typeof outcome !== 'bigint') reject(outcome)
      else sent.push({ partition: String(message.partition), offset: outcome })
    }
    resolve(sent)
  }
}

function messageOf(topic: string, { key, value, id }: OutgoingRecord, partition: number): Message {
  return {
    topic,
    partition,
    ...(key && { key: bufferOver(key) }),
    ...(value && { value: bufferOver(value) }),
    ...(id !== undefined && { headers: new Map([[Buffer.from(ID_HEADER), Buffer.from(id)]]) }),
  }
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
