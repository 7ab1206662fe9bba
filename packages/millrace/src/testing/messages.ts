import { joinValues, valueAt } from '@millrace/base'
import { jsonFormat, type RawMessages } from '@millrace/formats'
import type { Dataset } from '@millrace/transform'
import type { Row } from './json-lines.ts'

/** A message, and what its source knows of it. */
export interface Message {
  readonly value: Uint8Array | null
  readonly key?: string | undefined
  /** An object of JSON from name to text. */
  readonly headers?: string | undefined
  /** Milliseconds since 1970. */
  readonly time?: number | undefined
  readonly offset?: string | undefined
  readonly partition?: { readonly topic: string; readonly id: string } | undefined
}

/** A record of a message. */
export interface MessageRecord extends Message {
  /** The number of its message, from 1. */
  readonly number: number
  /** Its place among several in the message, from 1. */
  readonly place?: number
}

/** Returns the data set with lines of JSON in place of binary messages and keys. */
export function asLines(dataset: Dataset): Dataset {
  const { format, keyFormat } = dataset
  return {
    ...dataset,
    ...(format.isBinary && { format: jsonFormat }),
    ...(keyFormat?.isBinary && { keyFormat: jsonFormat }),
  }
}

/** Returns the records of messages, of which some formats put several into one. */
export function recordsOf(messages: readonly Message[], { format }: Dataset): MessageRecord[] {
  const portions = format.unpack?.(joinValues(messages.map(({ value }) => value)))
  if (!portions) return messages.map((message, i) => ({ ...message, number: i + 1 }))
  return [...portions].flatMap(({ values, message, place }) =>
    Array.from({ length: values.count }, (_, i) => {
      const [of = 0, at = -1] = [message[i], place[i]]
      const record = { ...messages[of], value: valueAt(values, i), number: of + 1 }
      return at < 0 ? record : { ...record, place: at + 1 }
    }),
  )
}

/** Returns messages of one partition as a source hands them over. */
export function blockOf(messages: readonly Message[]): RawMessages {
  const partition = messages[0]?.partition
  const hasTimes = messages.length > 0 && messages.every(({ time }) => time !== undefined)
  return {
    ...joinValues(messages.map(({ value }) => value)),
    keys: messages.map(({ key }) => key),
    headers: messages.map(({ headers }) => headers),
    ...(hasTimes && { times: Float64Array.from(messages, ({ time }) => time ?? 0) }),
    ...(messages.some(({ offset }) => offset !== undefined) && { offsets: messages.map(({ offset }) => offset ?? '') }),
    ...(partition && { partition }),
  }
}

/** Returns a message with what a line of `x.meta.jsonl` says of it. */
export function withMetadata(value: Uint8Array, said: Row | undefined): Message {
  if (said === undefined) return { value }
  const { key, headers, timestamp, topic, partition, offset } = said
  const textOf = (of: unknown) => {
    if (of === undefined || of === null) return undefined
    return typeof of === 'object' ? JSON.stringify(of) : String(of)
  }
  return {
    value,
    key: textOf(key),
    ...(headers !== undefined && { headers: JSON.stringify(headers) }),
    ...(timestamp !== undefined && { time: Date.parse(String(timestamp)) }),
    offset: textOf(offset),
    ...((topic ?? partition) !== undefined && {
      partition: { topic: String(topic ?? ''), id: String(partition ?? '0') },
    }),
  }
}
