import { MillraceError } from '@millrace/base'
import { createAPI, type initProducerIdV4, produceV8, Writer } from '@platformatic/kafka'
import type { OutgoingRecord } from '../../source.ts'
import type { Cluster } from '../cluster.ts'
import type { Broker } from '../security.ts'
import { PRODUCE, PRODUCE_VERSION, type ProducerState, produceRequest } from './produce-request.ts'

/** The requests that a partition sender makes. */
export interface Produce {
  /** Registers a new producer id. */
  newProducer(): Promise<ProducerState>
  /** Returns the first record's offset once all in-sync replicas have the records. */
  store(records: readonly OutgoingRecord[], state: ProducerState, time: number): Promise<bigint>
  /** Drops the cached leader of the partition. */
  forgetLeader(): void
}

const STORE_WITHIN_MS = 20_000
const NO_TRANSACTION = [null, 0, -1n, -1] as const

/** The library's own encoder works record by record on many small buffers: five times the time of all the rest. */
const PRODUCE_BATCH = createAPI<[Buffer], produceV8.ProduceResponse>(
  PRODUCE,
  PRODUCE_VERSION,
  (body: Buffer) => Writer.create().append(body),
  produceV8.parseResponse,
  false,
  false,
)

export function produceTo(topic: string, partition: number, cluster: Cluster): Produce {
  const leader = async (): Promise<Broker> => {
    const found = (await cluster.knownTopic(topic)).partitions[partition]?.leader
    if (found) return found
    cluster.forget(topic)
    throw new MillraceError('SOURCE_UNREACHABLE', `partition ${partition} of topic ${topic} has no leader`)
  }
  return {
    async newProducer() {
      const answer = await cluster.call<initProducerIdV4.InitProducerIdResponse>(
        await leader(),
        'InitProducerId',
        ...NO_TRANSACTION,
      )
      const { producerId, producerEpoch } = answer
      return { producerId, producerEpoch, sequence: 0 }
    },
    async store(records, state, time) {
      const body = produceRequest(topic, partition, records, state, time, STORE_WITHIN_MS)
      const answer = await cluster.ask(await leader(), PRODUCE_BATCH, body)
      const offset = answer.responses[0]?.partitionResponses[0]?.baseOffset
      if (offset === undefined) throw new MillraceError('INTERNAL', 'a broker answered without an offset')
      return offset
    },
    forgetLeader: () => cluster.forget(topic),
  }
}
