import { MillraceError, type Runtime } from '@millrace/base'
import { Producer as LibraryProducer, type MessageToProduce, ProduceAcks } from '@platformatic/kafka'
import type { OutgoingRecord, Producer, SentRecord } from '../source.ts'
import { parseKafkaAddress } from './address.ts'
import { openCluster } from './cluster.ts'
import { fromLibrary } from './kafka-error.ts'
import { libraryOptions } from './library.ts'
import { createPartitioner } from './partitioner.ts'

/** Brokers refuse a batch of more than about 1 MB unless told otherwise; a record alone may be as large as they allow. */
const BATCH_BYTES = 900_000
/** What a record costs beside its key and its value, with room to spare. */
const RECORD_OVERHEAD = 32
const ANSWER_WITHIN_MS = 30_000

type Message = MessageToProduce & { readonly partition: number }

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

async function sendTogether(library: LibraryProducer, together: readonly Sending[]): Promise<void> {
  const messages = together.flatMap((sending) => sending.messages)
  const sent = new Map<Message, SentRecord>()
  let failure: unknown
  for (const batch of inBatches(messages)) {
    try {
      await sendBatch(library, batch, sent)
    } catch (error) {
      failure = error
      break
    }
  }
  for (const { messages, resolve, reject } of together) {
    const mine = messages.flatMap((message) => sent.get(message) ?? [])
    if (mine.length === messages.length) resolve(mine)
    else reject(fromLibrary(failure, `sending to ${messages[0]?.topic}`))
  }
}

/** The broker answers the first offset of each partition; a partition's records follow one another in order. */
async function sendBatch(library: LibraryProducer, batch: Message[], sent: Map<Message, SentRecord>): Promise<void> {
  const { offsets = [] } = await library.send({ messages: batch })
  const next = new Map(offsets.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  for (const message of batch) {
    const key = `${message.topic}/${message.partition}`
    const offset = next.get(key)
    if (offset === undefined) throw new MillraceError('INTERNAL', `no offset came back for ${key}`)
    next.set(key, offset + 1n)
    sent.set(message, { partition: String(message.partition), offset })
  }
}

/** In order, each of so many bytes that no partition's part of it is too large for a broker. */
function* inBatches(messages: readonly Message[]): Generator<Message[]> {
  let batch: Message[] = []
  const sizes = new Map<string, number>()
  for (const message of messages) {
    const key = `${message.topic}/${message.partition}`
    const bytes = (message.value?.length ?? 0) + (message.key?.length ?? 0) + RECORD_OVERHEAD
    const size = sizes.get(key) ?? 0
    if (size > 0 && size + bytes > BATCH_BYTES) {
      yield batch
      batch = []
      sizes.clear()
    }
    sizes.set(key, (sizes.get(key) ?? 0) + bytes)
    batch.push(message)
  }
  if (batch.length > 0) yield batch
}

function messageOf(topic: string, { key, value }: OutgoingRecord, partition: number): Message {
  return {
    topic,
    partition,
    ...(key && { key: bufferOver(key) }),
    ...(value && { value: bufferOver(value) }),
  }
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
