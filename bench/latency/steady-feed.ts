import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'

export const PER_SECOND = 2_000
const EVERY_MS = 10
export const PARTITIONS = 6

/** Sends the records at a steady pace; `sending` is called with each just before it is sent. */
export async function feedSteadily(
  bootstrap: string,
  topic: string,
  values: readonly string[],
  perSecond: number,
  sending: (index: number) => void,
): Promise<void> {
  const producer = clientOf(bootstrap).producer()
  await producer.connect()
  const began = performance.now()
  const sends: Promise<unknown>[] = []
  for (let sent = 0; sent < values.length; ) {
    const due = Math.min(values.length, Math.floor(((performance.now() - began) / 1000) * perSecond))
    const messages = values.slice(sent, due).map((value, i) => ({ value, partition: (sent + i) % PARTITIONS }))
    for (; sent < due; sent++) sending(sent)
    if (messages.length > 0) sends.push(producer.send({ topic, messages }))
    await sleep(EVERY_MS)
  }
  await Promise.all(sends)
  await producer.disconnect()
}

export async function makeTopic(bootstrap: string, topic: string): Promise<void> {
  const admin = clientOf(bootstrap).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true })
  await admin.disconnect()
}

function clientOf(bootstrap: string): Kafka {
  return new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
}
