import type { JoinedValues } from '@millrace/base'
import type { ReadMessages } from '../format.ts'
import type { JsonWriter } from '../transcode/json-writer.ts'
import { readMessages } from '../transcode/read-messages.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { AvroReader } from './reader.ts'
import type { Transcode } from './transcode.ts'

/** Reads what stands before a message's value; returns what reads the value, or why the message is rejected. */
export type PlanOf = (from: AvroReader) => Transcode | string

/** Reads a block: each message as `planOf` says. */
export function readAvro(messages: JoinedValues, planOf: PlanOf): ReadMessages {
  const from = new AvroReader()
  const read = (start: number, end: number, to: JsonWriter) => {
    from.begin(start, end)
    const plan = planOf(from)
    if (typeof plan === 'string') return plan
    plan(from, to)
    if (from.at < from.end) throw new Undecodable(`${from.end - from.at} bytes are left over`)
    return undefined
  }
  return readMessages(messages, 'Avro', (bytes) => {
    from.open(bytes)
    return read
  })
}
