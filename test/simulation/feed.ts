import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import type { Topic } from './places.ts'

/** Sends records and remembers each of them. */
export interface Feed {
  readonly sent: Sent
  send(records: number): Promise<void>
  close(): Promise<void>
}

export interface Sent {
  /** The number that each good record carries. */
  readonly good: readonly number[]
  /** The bytes of each that is none. */
  readonly bad: readonly string[]
}

/** Each send is a batch of its own for the source, so that small reads make many commits. */
const RECORDS_A_SEND = 5
const EVERY_SO_MANY_IS_BAD = 23

export async function openFeed({ source, topic, partitions }: Topic, recordOf = userRecord): Promise<Feed> {
  const producer = await openProducer(source, systemRuntime)
  const [good, bad]: [number[], string[]] = [[], []]
  let next = 0
  const record = (): Uint8Array => {
    const number = next++
    const isBad = number % EVERY_SO_MANY_IS_BAD === 7
    const text = isBad ? `{bad ${number}` : recordOf(number)
    if (isBad) bad.push(text)
    else good.push(number)
    return new TextEncoder().encode(text)
  }
  return {
    sent: { good, bad },
    async send(records) {
      for (let left = records; left > 0; left -= RECORDS_A_SEND) {
        const partition = Math.floor(next / RECORDS_A_SEND) % partitions
        const values = Array.from({ length: Math.min(left, RECORDS_A_SEND) }, record)
        await producer.send(
          topic,
          values.map((value) => ({ value, partition })),
        )
      }
    },
    close: () => producer.close(),
  }
}

function userRecord(ind: number): string {
  return JSON.stringify({ ind, first_name: 'A', last_name: 'B', age: 30, date_joined: '2016-01-01 00:00:00' })
}
