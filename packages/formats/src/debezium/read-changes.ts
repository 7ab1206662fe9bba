import { isUtf8 } from 'node:buffer'
import { endBefore, type JoinedValues, keyAt } from '@millrace/base'
import type { RawMessages, ReadMessages, RejectedMessage } from '../format.ts'
import { JsonWriter } from '../transcode/json-writer.ts'
import { endOfPortion, withRoom } from '../transcode/portions.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { type Change, EnvelopeReader } from './envelope.ts'
import type { DebeziumOptions } from './options.ts'
import { writeRow } from './row.ts'
import { type KnownSchemas, knownSchemas, type RowPlan } from './schemas.ts'

const NEWLINE = 0x0a
const NOT_DEBEZIUM = 'not Debezium: '

/** What Debezium puts in place of a value that PostgreSQL has not logged, as an update left it alone. */
const UNAVAILABLE = '"__debezium_unavailable_value"'

/** A message's key as JSON, or why it can't be read. */
export type MessageKey =
  | { readonly bytes: Uint8Array; readonly plan: RowPlan | undefined }
  | { readonly reason: string }

/** The messages of a block as JSON. */
export interface Changes {
  readonly messages: JoinedValues
  keyOf(index: number): MessageKey | undefined
  /** Returns what a message's schema says, where it is not in the message. */
  planOf?(index: number): RowPlan | undefined
  /** Messages that could not be written as JSON, and why. */
  readonly refused?: ReadonlyMap<number, string>
}

/** Reads a block of JSON. */
export function readChanges(messages: RawMessages, options: DebeziumOptions, schemas: KnownSchemas): ReadMessages {
  const keyOf = (index: number): MessageKey | undefined => {
    const bytes = keyAt(messages, index)
    return bytes === null ? undefined : { bytes, plan: undefined }
  }
  return readChangesOf({ messages, keyOf }, options, schemas)
}

/** Reads a block: each change into a line of one buffer, portion by portion. */
export function readChangesOf(changes: Changes, options: DebeziumOptions, schemas = knownSchemas()): ReadMessages {
  const { messages } = changes
  const { count } = messages
  const ends = new Int32Array(count)
  const rejected: RejectedMessage[] = []
  const ignored: number[] = []
  const envelope = new EnvelopeReader(messages.bytes, options, schemas)
  const mayLack = bufferOf(messages.bytes).includes(UNAVAILABLE)
  let bytes = Buffer.alloc(0)
  let [size, longest] = [0, 0]
  for (let first = 0; first < count; ) {
    const next = endOfPortion(messages, first)
    const read = endBefore(messages.ends, next)
    const to = new JsonWriter(read - endBefore(messages.ends, first) + (next - first) * 32 + 16)
    for (let index = first; index < next; index++) {
      const start = to.at
      const outcome = readChange(changes, index, options, envelope, to, mayLack)
      if (outcome !== 'written') to.at = start
      ends[index] = outcome === 'written' ? size + to.at : -1 - size - start
      if (outcome === 'ignored') ignored.push(index)
      else if (outcome !== 'written') rejected.push({ index, reason: outcome.reason })
      longest = Math.max(longest, to.at - start)
      to.byte(NEWLINE)
    }
    bytes = withRoom(bytes, size, to.at, messages.bytes.length / read)
    size += to.finishInto(bytes.subarray(size))
    first = next
  }
  const nulls = rejected.length + ignored.length > 0
  const { lineBreaks } = messages.traits
  const traits = { nulls, lineBreaks, longest, first: nulls || count === 0 ? -1 : 0x7b }
  return { lines: { count, bytes: bytes.subarray(0, size), ends, traits }, rejected, ignored }
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength)

type Outcome = 'written' | 'ignored' | { readonly reason: string }

function readChange(
  { messages, keyOf, planOf, refused }: Changes,
  index: number,
  options: DebeziumOptions,
  envelope: EnvelopeReader,
  to: JsonWriter,
  mayLack: boolean,
): Outcome {
  const { bytes, ends } = messages
  const end = ends[index] as number
  const reason = refused?.get(index)
  if (reason !== undefined) return { reason }
  try {
    if (end < 0)
      return options.tombstones === 'delete' ? deleteByKey(keyOf(index), options, envelope.schemas, to) : 'ignored'
    const [start, plan] = [endBefore(ends, index), planOf?.(index)]
    const change = plan ? envelope.readPlanned(start, end, plan) : envelope.read(start, end)
    if (change === 'tombstone')
      return options.tombstones === 'delete' ? deleteByKey(keyOf(index), options, envelope.schemas, to) : 'ignored'
    if (typeof change === 'string') return change
    if ('reason' in change) return change
    if (mayLack && lacksValue(bytes, change)) return { reason: LACKS_VALUE }
    if (!isUtf8(bytes.subarray(change.start, change.end))) return { reason: `${NOT_DEBEZIUM}invalid UTF-8` }
    writeRow(bytes, change, to)
    return 'written'
  } catch (error) {
    if (error instanceof Undecodable) return { reason: `${NOT_DEBEZIUM}${error.message}` }
    throw error
  }
}

const LACKS_VALUE =
  'a value is missing: PostgreSQL does not log large values that an update leaves alone; ALTER TABLE … REPLICA IDENTITY FULL'

function lacksValue(bytes: Uint8Array, { start, end, isDelete }: Change): boolean {
  return !isDelete && Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).includes(UNAVAILABLE)
}

/** Writes the delete of a row of which the message's key is all that is known. */
function deleteByKey(
  key: MessageKey | undefined,
  options: DebeziumOptions,
  schemas: KnownSchemas,
  to: JsonWriter,
): Outcome {
  if (key === undefined) return options.tombstones === 'delete' ? { reason: 'tombstone: it has no key' } : 'ignored'
  if ('reason' in key) return { reason: `key: ${key.reason}` }
  const { bytes, plan } = key
  const reader = new EnvelopeReader(bytes, options, schemas)
  const change = reader.readKey(plan)
  if (!change) return { reason: 'tombstone: its key is no object of JSON' }
  writeRow(bytes, change, to)
  return 'written'
}
