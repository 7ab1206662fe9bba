import { MillraceError, type Runtime } from '@millrace/base'
import type { OutgoingRecord, Producer, SentRecord } from '../../source.ts'
import { parseKafkaAddress } from '../address.ts'
import { type Cluster, openCluster } from '../cluster.ts'
import { openPartitionSender, type PartitionSender } from './partition-sender.ts'
import { createPartitioner, type Partitioner } from './partitioner.ts'
import { produceTo } from './produce.ts'

const ANSWER_WITHIN_MS = 30_000

/** Answers when all in-sync replicas have the records. Idempotent: a repetition by itself never doubles a record. */
export function kafkaProducer(address: string, runtime: Runtime): Producer {
  const cluster = openCluster(parseKafkaAddress(address, process.env), ANSWER_WITHIN_MS, runtime)
  const choose = createPartitioner()
  const senders = openSenders(cluster, runtime)
  return {
    async send(topic, records) {
      const { partitions } = await cluster.knownTopic(topic)
      const targets = targetsOf(topic, records, partitions.length, choose)
      if (records.length === 0) return []
      return sendAll(records, targets, (partition) => senders(topic, partition))
    },
    close: () => cluster.close(),
  }
}

function openSenders(cluster: Cluster, runtime: Runtime): (topic: string, partition: number) => PartitionSender {
  const topics = new Map<string, PartitionSender[]>()
  return (topic, partition) => {
    const senders = topics.get(topic) ?? []
    topics.set(topic, senders)
    senders[partition] ??= openPartitionSender(produceTo(topic, partition, cluster), runtime)
    return senders[partition]
  }
}

function targetsOf(
  topic: string,
  records: readonly OutgoingRecord[],
  partitions: number,
  choose: Partitioner,
): number[] {
  const targets = records.map((record) => choose(topic, record, partitions))
  const wrong = targets.find((partition) => partition < 0 || partition >= partitions)
  if (wrong !== undefined) throw new MillraceError('USAGE', `topic ${topic} has no partition ${wrong}`)
  return targets
}

/** Settles when the last of them has stored; fails, when all are done, if one of them did. */
function sendAll(
  records: readonly OutgoingRecord[],
  targets: readonly number[],
  senderTo: (partition: number) => PartitionSender,
): Promise<SentRecord[]> {
  return new Promise((resolve, reject) => {
    const sent = new Array<SentRecord>(records.length)
    let left = records.length
    let failure: MillraceError | undefined
    const settle = (count: number) => {
      left -= count
      if (left > 0) return
      if (failure) reject(failure)
      else resolve(sent)
    }
    for (const [target, indices] of byTarget(targets)) {
      const partition = String(target)
      senderTo(target).add({
        records: indices ? indices.map((i) => records[i] as OutgoingRecord) : records,
        stored(from, to, first) {
          for (let i = from; i < to; i++) {
            sent[indices?.[i] ?? i] = { partition, offset: first + BigInt(i - from) }
          }
          settle(to - from)
        },
        failed(from, to, error) {
          failure ??= error
          settle(to - from)
        },
      })
    }
  })
}

/** Which records go to each partition; undefined where that is all of them. */
function byTarget(targets: readonly number[]): Map<number, readonly number[] | undefined> {
  const [first] = targets
  if (first !== undefined && targets.every((target) => target === first)) return new Map([[first, undefined]])
  return Map.groupBy(targets.keys(), (i) => targets[i] as number)
}
