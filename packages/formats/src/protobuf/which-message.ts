import type { RecordPlan } from '../columns/read-columns.ts'
import type { NamesMessage } from '../registry/headers.ts'
import type { RecordShape } from '../shape/shape.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { planOfMessage } from './plan.ts'
import type { ProtoFile, ProtoMessage } from './schema.ts'
import { shapeOfMessage } from './shape.ts'
import { WireReader } from './wire.ts'

/** A message of a schema, made ready. */
export interface PreparedMessage {
  readonly plan: RecordPlan<WireReader>
  readonly shape: () => RecordShape
}

/** Reads which message of a schema it is; returns it made ready, undefined where the schema has none there. */
export type ReadWhich = (from: WireReader, end: number) => PreparedMessage | undefined

/** What stands between a registry's header and the message, by whose header it is. */
export type MessagesOf = Readonly<Record<NamesMessage, ReadWhich>>

const DEEPEST = 20

export function messagesOf(file: ProtoFile): MessagesOf {
  const prepared = new Map<ProtoMessage, PreparedMessage>()
  const prepare = (message: ProtoMessage | undefined) => {
    if (!message) return undefined
    const made = prepared.get(message) ?? madeReady(message)
    prepared.set(message, made)
    return made
  }
  const first = prepare(file.messageAt([0]))
  const at = (path: readonly number[]) => prepare(file.messageAt(path))
  const indexes = byIndexes(first, at)
  return {
    indexes,
    place: (from, end) => prepare(file.messageSorted(varint(from, end))),
    ref: byRef(first, (name) => prepare(file.messageNamed(name)), indexes),
  }
}

function madeReady(message: ProtoMessage): PreparedMessage {
  let shape: RecordShape | undefined
  return {
    plan: planOfMessage(message),
    shape() {
      shape ??= shapeOfMessage(message)
      return shape
    },
  }
}

type Find<T> = (what: T) => PreparedMessage | undefined

/**
 * Confluent's wire format names a message by its place in the file, and in the message around it, and so on: how many
 * places there are, then each. The first message of the file, the usual one, is a single zero.
 */
function byIndexes(first: PreparedMessage | undefined, messageAt: Find<readonly number[]>): ReadWhich {
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

const NAME_TAG = 0x0a
/** A message's first byte is the tag of a field, and fields are numbered from 1. */
const LEAST_TAG = 8
const LONGEST_NAME = 1000
const NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/

/**
 * Apicurio's serialiser writes a message whose field 1 is a name, with its length before it. It may be told to write
 * indexes as Confluent does, beside it or alone, or neither: then it is the first message of its file.
 */
function byRef(first: PreparedMessage | undefined, messageNamed: Find<string>, indexes: ReadWhich): ReadWhich {
  return (from, end) => {
    const name = refAt(from, end)
    if (from.at < end && (from.bytes[from.at] as number) < LEAST_TAG) return indexes(from, end)
    return name === undefined ? first : messageNamed(name)
  }
}

/** Reads the name, and goes behind it; undefined where there is none. */
function refAt(from: WireReader, end: number): string | undefined {
  const { bytes, at } = from
  const reader = new WireReader(bytes)
  reader.at = at
  try {
    const last = reader.delimited(end)
    if (last - at > LONGEST_NAME || bytes[reader.at++] !== NAME_TAG || reader.delimited(last) !== last) return undefined
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + reader.at, last - reader.at).toString('latin1')
    if (!NAME.test(name)) return undefined
    from.at = last
    return name
  } catch (error) {
    if (error instanceof Undecodable) return undefined
    throw error
  }
}

/** A number with a sign, which is never below zero here. */
function index(from: WireReader, end: number): number {
  from.varint(end)
  const value = (from.low >>> 1) ^ -(from.low & 1)
  if (from.high !== 0 || value < 0) throw new Undecodable('a number of its message is out of range')
  return value
}

function varint(from: WireReader, end: number): number {
  from.varint(end)
  if (from.high !== 0) throw new Undecodable('a number of its message is out of range')
  return from.low >>> 0
}
