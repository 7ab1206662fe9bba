import { MillraceError } from '@millrace/base'
import {
  openTable,
  type StructField,
  type StructType,
  schemaOf,
  type TableRef,
  VALID_FROM,
  VALID_TO,
} from '@millrace/delta'
import type { Dataset, Keyed } from '@millrace/transform'

/** Returns the columns of a keyed data set's table: a history has two more, of the type of the sequence. */
export function keyedSchema({ schema }: Dataset, { mode, sequenceBy }: Keyed): StructType {
  if (mode !== 'history') return schema
  const fields = sequenceBy.flatMap((name) => schema.fields.filter((field) => field.name === name))
  const [first] = fields
  const type = fields.length === 1 && first ? first.type : { type: 'struct' as const, fields }
  const own = (name: string): StructField => ({ name, type, nullable: true, metadata: {} })
  return { type: 'struct', fields: [...schema.fields, own(VALID_FROM), own(VALID_TO)] }
}

/** Refuses a table that has rows of another mode: nobody knows from when to when they were valid. */
export async function refuseOtherMode(table: TableRef, { mode }: Keyed): Promise<void> {
  const snapshot = await openTable(table)
  if (!snapshot || snapshot.files.size === 0) return
  const isHistory = schemaOf(snapshot.metadata).fields.some(({ name }) => name === VALID_FROM)
  if (isHistory === (mode === 'history')) return
  throw new MillraceError(
    'TABLE_SCHEMA',
    `${table.store.url}/${table.path} ${isHistory ? 'keeps all versions of each key' : 'has no versions of its rows'}, and "mode": "${mode}" can't go on with it`,
    { next: 'Fill another table under another pipeline name, and take it for this one when it is complete.' },
  )
}
