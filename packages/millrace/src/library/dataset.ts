import type { Format, FormatContext, FormatDescription } from '@millrace/formats'
import type { Dataset, FieldType, MetadataSource, Mode, Outcome, TimestampShape } from '@millrace/transform'
import type { ColumnDefinition } from './columns.ts'

export interface FieldDefinition {
  readonly type: FieldType
  /** Other names that it is known by. */
  readonly aliases?: readonly string[]
  /** How a timestamp may be written. */
  readonly shapes?: readonly TimestampShape[]
}

/** A data set as an object: what dataset.json and clean.sql say of one in a folder. */
export interface DatasetDefinition {
  readonly name: string
  readonly description?: string
  /** How its messages are written: a name, Avro or Protobuf with schemas, or a format of one's own. JSON unless said. */
  readonly format?: FormatDescription | Format
  /** How the messages' keys are written, where that is no text. */
  readonly keyFormat?: FormatDescription
  readonly fields: Readonly<Record<string, FieldDefinition>>
  /** What `raw` has of each message beside its fields, by name: its key, headers, timestamp, topic, partition, offset. */
  readonly metadata?: Readonly<
    Record<string, MetadataSource | { readonly from: MetadataSource; readonly type: FieldType }>
  >
  /** A column with `keep: false` is not in the table: it is for `deleteWhen` and expectations. */
  readonly columns: Readonly<Record<string, ColumnDefinition & { readonly keep?: boolean }>>
  /** What the table keeps: `append` unless said. */
  readonly mode?: Mode
  readonly key?: readonly string[]
  /** Columns that say which of two changes is newer. */
  readonly sequenceBy?: readonly string[]
  /** SQL over a clean row: whether it deletes the row of its key. */
  readonly deleteWhen?: string
  readonly ignoreEqual?: boolean
  /** How long a deleted key is remembered, such as `7 days`. */
  readonly tombstoneRetention?: string
  /** A SELECT that gives one row for each of `raw`, which has the fields under their names. */
  readonly sql: string
  readonly expectations?: Readonly<Record<string, { readonly predicate: string; readonly otherwise: Outcome }>>
}

/** Checks the definition, and makes of it what the pipeline works with. */
export async function datasetOf(
  { name, sql, format, ...rest }: DatasetDefinition,
  context?: FormatContext,
): Promise<Dataset> {
  const { checkDescription } = await import('@millrace/transform')
  const isOwn = typeof format === 'object' && 'read' in format
  const named = isOwn || format === undefined ? {} : { format }
  const checked = checkDescription({ description: '', ...rest, ...named }, `the data set ${name}`, context)
  return { name, ...checked, ...(isOwn && { format }), sql: sql.trim() }
}
