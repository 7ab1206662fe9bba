import { createHash } from 'node:crypto'
import { version } from '@duckdb/node-api'
import type { StructType } from '@millrace/delta'
import type { Format, IdsInHeaders, RecordShape } from '@millrace/formats'
import type { Expectation } from './expectations.ts'
import type { Field } from './fields.ts'
import type { Keyed } from './keyed.ts'
import type { Layout } from './layout.ts'
import type { MessageMetadata } from './metadata.ts'
import type { SchemaPolicy } from './schema-policy.ts'

/**
 * A data set, loaded from a folder: dataset.json has its fields and columns, clean.sql turns the former into the
 * latter.
 */
export interface Dataset {
  readonly name: string
  readonly description: string
  /** How its messages are written. */
  readonly format: Format
  /** How the messages' keys are written, where that is no text. */
  readonly keyFormat?: Format
  readonly fields: readonly Field[]
  /** What `raw` has of each message beside the fields. */
  readonly metadata: readonly MessageMetadata[]
  /** The columns of its table. */
  readonly schema: StructType
  /** How records change a keyed table. Absent where rows are only appended. */
  readonly keyed?: Keyed
  /** A SELECT that gives one row for each of `raw`, which has the fields under their names. */
  readonly sql: string
  readonly expectations: readonly Expectation[]
  /** Makes the expectation of that name anew for columns that came with records. */
  readonly fitsOutputs?: (evolved: Dataset) => Expectation
  /** How the rows of its table lie in its files. Absent: as they come. */
  readonly layout?: Layout
  /** What becomes of fields that it does not know, and of types that changed. Absent: such fields are passed over. */
  readonly onSchemaChange?: SchemaPolicy
  /** The records that it was inferred from: the data set is made anew where they change. */
  readonly inferred?: RecordShape
}

/** Returns what of the headers a source is to put before values and keys: only where they are of a format that looks there. */
export function wantedBefore({
  format,
  keyFormat,
}: Pick<Dataset, 'format' | 'keyFormat'>): Partial<IdsInHeaders> | undefined {
  const value = format.idsInHeaders?.value
  const key = (format.readsKeys ? format : keyFormat)?.idsInHeaders?.key
  return value || key ? { ...(value && { value }), ...(key && { key }) } : undefined
}

/** Whether a topic belongs to the data set: its name is the data set's, or ends with it after `.`, `-` or `_`. */
export function belongsTo(topic: string, dataset: string): boolean {
  return topic === dataset || ['.', '-', '_'].some((mark) => topic.endsWith(mark + dataset))
}

/**
 * Returns a hash of all that decides what becomes of a record: the format, the fields, the SQL, the columns, the
 * expectations and the engine. Two commits with the same hash were made by the same rules.
 */
export function datasetHash(dataset: Dataset): string {
  const { format, keyFormat, fields, metadata, sql, schema, expectations, keyed, onSchemaChange } = dataset
  const columns = schema.fields.map(({ name, type }) => [name, type])
  const rules = JSON.stringify([
    ...[RULES, version(), format.name, fields, sql, columns, expectations],
    ...(format.rules === undefined ? [] : [format.rules]),
    ...(keyed ? [keyed] : []),
    ...(metadata.length > 0 ? [{ metadata }] : []),
    ...(keyFormat ? [{ keyFormat: [keyFormat.name, keyFormat.rules] }] : []),
    ...(onSchemaChange ? [{ onSchemaChange }] : []),
  ])
  return createHash('sha256').update(rules).digest('hex')
}

/** Version of this package's rules: raise it with every change of the rows that it makes of the same records. */
const RULES = 1
