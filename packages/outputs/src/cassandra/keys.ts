import { MillraceError } from '@millrace/base'
import type { Dataset, Keyed } from '@millrace/transform'
import { type CassandraAddress, parseCassandraAddress } from './address.ts'
import { isSequence } from './rows.ts'
import type { KeyedDataset } from './table.ts'
import { fitsCassandra } from './types.ts'

/** Returns SQL over clean rows: whether the output of this address can hold a row. */
export function fitsAddressed(dataset: Dataset, address: string): string {
  return fitsCassandra(dataset.schema.fields, withKey(dataset, parseCassandraAddress(address)).keyed.key)
}

/**
 * Returns the data set with the key that identifies its rows, of its own or of the address: Cassandra keeps one row
 * for each. Refuses rules that Cassandra cannot follow.
 */
export function withKey(dataset: Dataset, { key, keyspace }: CassandraAddress): KeyedDataset {
  const { name, schema, keyed } = dataset
  if (keyed) return { ...dataset, keyed: followed(keyed, dataset) }
  if (key.length === 0) {
    throw new MillraceError(
      'OUTPUT_ADDRESS',
      `the table of ${name} in ${keyspace} needs a key: Cassandra keeps one row for each`,
      {
        next: 'Name the columns that tell its rows apart as primaryKey=COLUMN,… in the address, or as key in the data set.',
      },
    )
  }
  const missing = key.find((column) => !schema.fields.some((field) => field.name === column))
  if (missing !== undefined) {
    throw new MillraceError('OUTPUT_ADDRESS', `the data set ${name} has no column ${missing} to be in the primary key`)
  }
  const rules = { sequenceBy: [], deleteWhen: undefined, notKept: [], ignoreEqual: false, tombstoneRetentionMs: 0 }
  return { ...dataset, keyed: { mode: 'upsert', key, ...rules } }
}

function followed(keyed: Keyed, { name, schema }: Dataset): Keyed {
  const sequence = schema.fields.filter((field) => keyed.sequenceBy.includes(field.name))
  if (!isSequence(sequence)) {
    throw new MillraceError(
      'DATASET_INVALID',
      `data set ${name}: its sequence (${keyed.sequenceBy.join(', ')}) can be no write timestamp in Cassandra`,
      { next: 'Cassandra takes one column: a moment, a day or a whole number. Or leave sequenceBy out.' },
    )
  }
  if (!keyed.ignoreEqual) return keyed
  throw new MillraceError('DATASET_INVALID', `data set ${name}: Cassandra does not compare rows, as ignoreEqual asks`)
}
