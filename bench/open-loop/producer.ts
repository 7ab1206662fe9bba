import { setTimeout as sleep } from 'node:timers/promises'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { PARTITIONS } from '../latency/steady-feed.ts'

/** What to send, as JSON in the only argument. */
export interface Sending {
  readonly bootstrap: string
  readonly topic: string
  readonly messages: number
  /** As fast as the broker takes them, when not given. */
  readonly perSecond?: number
}

/** Messages that a sender gives to the broker at once, where the rate is the broker's. */
const BATCH = 1_000
const EVERY_MS = 10

const { bootstrap, topic, messages, perSecond } = JSON.parse(process.argv[2] ?? '') as Sending
const producer = await openProducer(`kafka://${bootstrap}`, systemRuntime)
const started = performance.now()
await (perSecond === undefined ? sendAsTaken() : sendAtRate(perSecond))
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000 }))
await producer.close()

/** Each sender makes its next batch while the last one is on its way. */
async function sendAsTaken(): Promise<void> {
  const senders = Array.from({ length: PARTITIONS }, async (_, partition) => {
    const share = Math.floor((messages + partition) / PARTITIONS)
    let sent: Promise<unknown> = Promise.resolve()
    for (let seq = 0; seq < share; seq += BATCH) {
      const batch = messagesOf(partition, seq, Math.min(BATCH, share - seq), partition)
      await sent
      sent = producer.send(topic, batch)
    }
    await sent
  })
  await Promise.all(senders)
}

/** One sender that waits for nobody: what is due is sent, to one partition after another. */
async function sendAtRate(rate: number): Promise<void> {
  const sends: Promise<unknown>[] = []
  for (let [sent, turn] = [0, 0]; sent < messages; turn++) {
    const due = Math.min(messages, Math.floor(((performance.now() - started) / 1000) * rate))
    if (due > sent) sends.push(producer.send(topic, messagesOf(0, sent, due - sent, turn % PARTITIONS)))
    sent = due
    await sleep(EVERY_MS)
  }
  await Promise.all(sends)
}

/** Messages as those of the original: when they are sent, by whom, and their number. */
function messagesOf(sender: number, first: number, count: number, partition: number) {
  const ts = `${new Date().toISOString().slice(0, -1)}0000Z`
  return Array.from({ length: count }, (_, i) => {
    const value = Buffer.from(`{"ts":"${ts}","producer_id":${sender},"seq":${first + i}}`)
    return { value, partition }
  })
}
