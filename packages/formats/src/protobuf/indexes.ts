import type { RecordShape } from '../shape/shape.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { compileRecord } from './compile.ts'
import type { WriteMessage } from './fields.ts'
import type { ProtoFile } from './schema.ts'
import { shapeOfMessage } from './shape.ts'
import type { WireReader } from './wire.ts'

/** A message of a schema, made ready. */
export interface PreparedMessage {
  readonly write: WriteMessage
  readonly shape: () => RecordShape
}

/** Reads which message of a schema it is; returns what writes it, undefined where the schema has none there. */
export type MessagesOf = (from: WireReader, end: number) => PreparedMessage | undefined

const DEEPEST = 20

/**
 * Confluent's wire format names a message by its place in the file, and in the message around it, and so on: how many
 * places there are, then each. The first message of the file, the usual one, is a single zero.
 */
export function messagesOf(file: ProtoFile): MessagesOf {
  const prepared = new Map<string, PreparedMessage>()
  const messageAt = (path: readonly number[]) => {
    const key = path.join('.')
    const before = prepared.get(key)
    if (before) return before
    const message = file.messageAt(path)
    if (!message) return undefined
    let shape: RecordShape | undefined
    const made = {
      write: compileRecord(message),
      shape() {
        shape ??= shapeOfMessage(message)
        return shape
      },
    }
    prepared.set(key, made)
    return made
  }
  const first = messageAt([0])
  return (from, end) => {
    if (from.at < end && from.bytes[from.at] === 0) {
      from.at++
      return first
    }
    const count = index(from, end)
    if (count > DEEPEST) throw new Undecodable('its message is nested too deeply')
    return messageAt(Array.from({ length: count }, () => index(from, end)))
  }
}

/** A number with a sign, which is never below zero here. */
function index(from: WireReader, end: number): number {
  from.varint(end)
  const value = (from.low >>> 1) ^ -(from.low & 1)
  if (from.high !== 0 || value < 0) throw new Undecodable('a number of its message is out of range')
  return value
}
