import { MillraceError, type Runtime } from '@millrace/base'
import type { OutgoingRecord, Producer, SentRecord } from '../source.ts'
import { parseKafkaAddress } from './address.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { type Lane, openLane } from './partition-lane.ts'
import { createPartitioner, type Partitioner } from './partitioner.ts'
import { produceTo } from './produce.ts'

const ANSWER_WITHIN_MS = 30_000

/** Answers when all in-sync replicas have the records. Idempotent: a repetition by itself never doubles a record. */
export function kafkaProducer(address: string, runtime: Runtime): Producer {
  const cluster = openCluster(parseKafkaAddress(address, process.env), ANSWER_WITHIN_MS, runtime)
  const choose = createPartitioner()
  const lanes = openLanes(cluster, runtime)
  return {
    async send(topic, records) {
      const { partitions } = await cluster.knownTopic(topic)
      const places = placesOf(topic, records, partitions.length, choose)
      if (records.length === 0) return []
      return sendAll(records, places, (partition) => lanes(topic, partition))
    },
    close: () => cluster.close(),
  }
}

function openLanes(cluster: Cluster, runtime: Runtime): (topic: string, partition: number) => Lane {
  const topics = new Map<string, Lane[]>()
  return (topic, partition) => {
    const lanes = topics.get(topic) ?? []
    topics.set(topic, lanes)
    lanes[partition] ??= openLane(produceTo(topic, partition, cluster), runtime)
    return lanes[partition]
  }
}

function placesOf(
  topic: string,
  records: readonly OutgoingRecord[],
  partitions: number,
  choose: Partitioner,
): number[] {
  const places = records.map((record) => choose(topic, record, partitions))
  const wrong = places.find((partition) => partition < 0 || partition >= partitions)
  if (wrong !== undefined) throw new MillraceError('USAGE', `topic ${topic} has no partition ${wrong}`)
  return places
}

/** Settles when the last of them has arrived; fails, when all are done, if one of them did. */
function sendAll(
  records: readonly OutgoingRecord[],
  places: readonly number[],
  laneTo: (partition: number) => Lane,
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
    for (const [place, indices] of byPlace(places)) {
      const partition = String(place)
      laneTo(place).add({
        records: indices ? indices.map((i) => records[i] as OutgoingRecord) : records,
        arrived(from, to, first) {
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
function byPlace(places: readonly number[]): Map<number, readonly number[] | undefined> {
  const [first] = places
  if (first !== undefined && places.every((place) => place === first)) return new Map([[first, undefined]])
  return Map.groupBy(places.keys(), (i) => places[i] as number)
}
