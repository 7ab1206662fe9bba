import type { JoinedValues } from '@millrace/base'
import type { BlockColumns } from './block-columns.ts'
import type { RecordShape } from './shape/shape.ts'

/** The messages of one block as their source hands them over. */
export interface RawMessages extends JoinedValues {
  /** The messages' keys, of which `bytesOfKey` returns the bytes: there for a format or a data set that reads them. */
  readonly keys?: readonly (string | undefined)[]
  /** The messages' headers, each an object of JSON from name to text: there for a data set that reads them. */
  readonly headers?: readonly (string | undefined)[]
  /** The source's times of the messages, in milliseconds since 1970. */
  readonly times?: Float64Array
  /** The source's names of the messages. */
  readonly offsets?: BigInt64Array | readonly string[]
  readonly partition?: { readonly topic: string; readonly id: string }
}

/** Returns what comes of a header of a message; undefined for one that means something else. */
type FromHeader = (name: string, bytes: Uint8Array) => Uint8Array | undefined

/** How producers name schemas in the headers of their messages: what then belongs before the value, and before the key. */
export interface IdsInHeaders {
  readonly value: FromHeader
  readonly key: FromHeader
}

/** A message that is not of its topic's format. */
export interface RejectedMessage {
  readonly index: number
  /** For people: what is wrong, and nothing of the message itself. It begins with what the message is not. */
  readonly reason: string
}

/** The records of a portion of a block's messages. */
export interface UnpackedMessages {
  /** The records, each as a message of its own would have it. */
  readonly values: JoinedValues
  /** For each record the index of its message. */
  readonly message: Int32Array
  /** For each record its place in its message, from 0; -1 where the message is the record. */
  readonly place: Int32Array
  /** The index of the first message that comes after the portion. */
  readonly next: number
}

/** A block of messages as the cleaner reads it. */
export interface ReadMessages {
  /**
   * One JSON object for each message, with the data set's fields under their names. Message `i` of the block is value
   * `i` here, so that whoever reads on can go back to the original bytes; there are as many of the one as of the other.
   * A rejected message has a null here.
   */
  readonly lines: JoinedValues
  /**
   * The same records as columns, which the engine reads in two thirds of the time: lines are made of them then, for
   * records that need a closer look.
   */
  readonly columns?: BlockColumns
  /**
   * Rejected messages, in ascending order. They are not cleaned, and go to the quarantine with their original bytes.
   */
  readonly rejected: readonly RejectedMessage[]
  /**
   * Messages that are of the format and no record, such as the tombstone behind a delete, in ascending order. They are
   * counted as filtered. An ignored message has a null among the lines.
   */
  readonly ignored?: readonly number[]
  /** Returns by which schemas the messages were written, where each names its own. Asked while their bytes are valid. */
  readonly schemas?: () => MessageSchemas
  /** Returns what a message calls its schema, a number or a UUID. Asked while the messages' bytes are valid. */
  readonly schemaKey?: (index: number) => number | string | undefined
}

/** The schemas of a block's messages. */
export interface MessageSchemas {
  /** What each schema says of a record, the same object for the same schema. */
  readonly shapes: readonly RecordShape[]
  /** For each message the place of its schema's shape; -1 for a message that was rejected. */
  readonly of: Int32Array
}

/**
 * How the messages of a topic are written. A data set names its format in dataset.json; a format is a folder here and
 * a line in formats.ts.
 *
 * The contract, which test/contract.ts proves:
 * - `read` is a function of the messages alone: the same block gives the same result whenever it is read, and a
 *   message gives the same whatever messages are around it. Replays and exactly-once rest on that.
 * - Bytes that are not of the format are rejected with a reason, and are never an error: any bytes may come.
 * - An error says that the block cannot be read now, such as when a schema registry does not answer. It is a
 *   `MillraceError`; where `retry` is true the worker waits and reads the block again.
 * - The messages' bytes are valid until `read` settles, which neither changes nor keeps them. The result may share
 *   bytes with them.
 * - A message may hold any byte, newlines too. Where each ends is in `ends`.
 * - A message that holds several records is unpacked first, and `read` is given its records. Every message has at least
 *   one record: what cannot be unpacked stays as it is, for `read` to reject.
 */
export interface Format {
  /** The name in dataset.json. */
  readonly name: string
  /** What decides, besides the name, how a message is read: part of the hash of a data set's rules. */
  readonly rules?: string
  /** Whether `read` needs the messages' keys: the worker asks the source for them only then. */
  readonly readsKeys: boolean
  /** Whether `read` does without the key of this message, where it reads keys. */
  readonly isReadWithoutKey?: (bytes: Uint8Array, start: number, end: number) => boolean
  /** Puts before values and keys what `read` looks for there and some producers write into headers; the source does it. */
  readonly idsInHeaders?: IdsInHeaders
  /** Messages are no text: lines of a data set's fixtures are then what `read` makes of them. */
  readonly isBinary?: true
  /** Whether a file of such messages, one a line, is a file of JSON lines, which the engine may read by itself. */
  readonly isJsonLines: boolean
  /**
   * Whether the lines of `read` say, by a member `millrace_deleted` that is true, that a message deletes the row of its
   * key, and by `millrace_truncated` beside it that it deletes all rows. A keyed data set goes by them.
   */
  readonly marksDeletes?: boolean
  /** Whether a member of this name belongs to the format and not to the record: it is not reported as an unknown field. */
  readonly isOwnMember?: (name: string) => boolean
  /**
   * Returns the records of messages that may hold several, in portions of whole messages; undefined where each message
   * of the block is one record, which is found without a look at each.
   */
  readonly unpack?: (messages: JoinedValues) => Iterable<UnpackedMessages> | undefined
  /** Reads a block. Returns a promise only where it must wait. */
  read(messages: RawMessages): ReadMessages | Promise<ReadMessages>
}
