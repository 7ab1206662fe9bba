import { joinValues } from '@millrace/base'
import type { Block, Partition, Position } from '../source.ts'

/** A row or a change of a table as Debezium writes it, and the key of its row. */
export interface Message {
  readonly key: string | undefined
  readonly value: string
  /** When it was committed, in milliseconds since 1970. */
  readonly time?: number
}

/** Returns a block of messages by their names; `time` is that of messages that have none of their own. */
export function blockOf(
  partition: Partition,
  from: Position,
  to: Position,
  messages: readonly Message[],
  names: readonly string[],
  time: number,
): Block {
  return {
    ...joinValues(messages.map(({ value }) => Buffer.from(value))),
    ...{ partition, from, to, offsets: names, keys: messages.map(({ key }) => key) },
    times: Float64Array.from(messages, (message) => message.time ?? time),
  }
}

/** Returns what a table's topic is made of: its database or schema, and its name. */
export function tableOf(topic: string): [space: string, table: string] {
  const at = topic.indexOf('.')
  return [topic.slice(0, at), topic.slice(at + 1)]
}
