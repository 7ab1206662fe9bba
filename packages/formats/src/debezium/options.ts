import { MillraceError } from '@millrace/base'
import { type Conversion, conversionNamed } from './conversions.ts'

/** What a data set says of its Debezium messages. */
export interface DebeziumDescription {
  readonly name: 'debezium'
  /** How Kafka Connect's converter writes keys and values: JSON unless said. */
  readonly values?: 'json' | 'avro' | undefined
  /** What a message without a value does: it deletes the row of its key, or it is left out. */
  readonly tombstones?: 'delete' | 'ignore' | undefined
  /**
   * What a truncate does: it empties the table, it is a row that has nothing but what is wanted of the envelope, or it is
   * left out.
   */
  readonly truncates?: 'apply' | 'row' | 'ignore' | undefined
  /** Debezium's semantic types of columns, for messages that come without the schema part. */
  readonly types?: Readonly<Record<string, string>> | undefined
  /** The data set's fields that begin with two underscores: what is wanted of the envelope beside the row. */
  readonly added?: readonly string[] | undefined
}

/** A member of the line that comes from the envelope, or from its `source`. */
export interface AddedMember {
  /** `"__op":` */
  readonly head: Uint8Array
  readonly from: 'envelope' | 'source' | 'deleted'
  readonly member: Uint8Array
}

export interface DebeziumOptions {
  readonly tombstones: 'delete' | 'ignore'
  readonly truncates: 'apply' | 'row' | 'ignore'
  readonly types: ReadonlyMap<string, Conversion>
  readonly added: readonly AddedMember[]
}

const OF_ENVELOPE = ['op', 'ts_ms', 'ts_us', 'ts_ns']
/** Begins the names of members that Debezium adds to a row. */
export const PREFIX = '__'
const SOURCE_PREFIX = 'source_'

export function debeziumOptions({ tombstones, truncates, types, added }: DebeziumDescription): DebeziumOptions {
  return {
    tombstones: tombstones ?? 'ignore',
    truncates: truncates ?? 'ignore',
    types: new Map(Object.entries(types ?? {}).map(([column, type]) => [column, conversionOf(column, type)])),
    added: (added ?? []).map(addedMember),
  }
}

function conversionOf(column: string, type: string): Conversion {
  const conversion = conversionNamed(type)
  if (conversion) return conversion
  throw new MillraceError('DATASET_INVALID', `format: column ${column}: there is no type ${type}`, {
    next: 'Types are Debezium’s names, such as Date, MicroTimestamp or Decimal(2).',
  })
}

/** Names are those of Debezium's own `add.fields`: `__op`, `__source_ts_ms`, and `__lsn` for `source.lsn`. */
function addedMember(name: string): AddedMember {
  const member = name.slice(PREFIX.length)
  const head = Buffer.from(`${JSON.stringify(name)}:`)
  if (member === 'deleted') return { head, from: 'deleted', member: Buffer.from(member) }
  if (OF_ENVELOPE.includes(member)) return { head, from: 'envelope', member: Buffer.from(member) }
  const ofSource = member.startsWith(SOURCE_PREFIX) ? member.slice(SOURCE_PREFIX.length) : member
  return { head, from: 'source', member: Buffer.from(ofSource) }
}
