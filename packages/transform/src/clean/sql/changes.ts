import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import {
  duckdbType,
  givenColumns,
  rowRefusal,
  type Snapshot,
  type StructField,
  type StructType,
  VALID_FROM,
  VALID_TO,
} from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'
import type { Dataset } from '../../dataset/dataset.ts'
import type { Keyed } from '../../dataset/keyed.ts'
import { deletesByTombstone } from '../tombstones.ts'
import { nameOf } from './expressions.ts'
import { inEachQuery, isProjection, rewriteSelect, type Select } from './select-tree.ts'

/** Where a change stands in the batch: of two, the one that was read later has the greater place. */
export const PLACE = 'millrace_order'

/** Whether a change deletes the row of its key. As a field: whether the message's format says so. */
export const DELETED = 'millrace_deleted'

/** Whether a change deletes all rows that come before it; then it has no key. A field as DELETED is, which is true too. */
export const TRUNCATED = 'millrace_truncated'

/** Returns the columns of the changes that a keyed data set's records are: its own, PLACE, DELETED and TRUNCATED. */
export function changeSchema({ name, schema, keyed }: Dataset): StructType {
  if (!keyed) throw new MillraceError('INTERNAL', `data set ${name} has no key`)
  const own = (column: string, type: string): StructField => ({ name: column, type, nullable: true, metadata: {} })
  return {
    type: 'struct',
    fields: [
      ...schema.fields,
      ...keyed.notKept,
      own(PLACE, 'long'),
      own(DELETED, 'boolean'),
      own(TRUNCATED, 'boolean'),
    ],
  }
}

/**
 * Returns a table for changes with all columns that a keyed table has: where records have no field for one, it is NULL in
 * them, and in the row that they make.
 */
export function changesFor(keyedTable: Snapshot, dataset: Dataset, changes: Snapshot): Snapshot {
  const { keyed, schema } = dataset
  const ends = keyed?.mode === 'history' ? [VALID_FROM, VALID_TO] : []
  const known = new Set([...schema.fields.map(({ name }) => name), ...ends])
  const absent = givenColumns(keyedTable.metadata).filter(({ name }) => !known.has(name))
  const own = changeSchema({ ...dataset, schema: { type: 'struct', fields: [...schema.fields, ...absent] } })
  return { ...changes, metadata: { ...changes.metadata, schemaString: JSON.stringify(own) } }
}

/**
 * Returns the data set by which records are cleaned into changes. Its SQL carries each record's place along, so that
 * the order in which the records came is known of the rows.
 */
export async function changeDataset(dataset: Dataset, keyed: Keyed, connection: DuckDBConnection): Promise<Dataset> {
  const { name, fields, format, schema, expectations } = dataset
  const own = format.marksDeletes ? MARKS : deletesByTombstone(dataset) ? [DELETED] : []
  const marked = [PLACE, ...own]
  const carried = await rewriteSelect(dataset.sql, connection, (select) =>
    carry(select, marked, `data set ${name}: the clean.sql of a keyed table must be`),
  )
  const columns = [...schema.fields, ...keyed.notKept].map(
    (field) => `CAST(${quoteName(field.name)} AS ${duckdbType(field.type)}) AS ${quoteName(field.name)}`,
  )
  const marks = [
    ...(own.length > 0 ? [`coalesce(${DELETED}, false)`] : []),
    ...(keyed.deleteWhen === undefined ? [] : [`coalesce((${keyed.deleteWhen}), false)`]),
  ]
  const deleted = marks.length === 0 ? 'false' : marks.join(' OR ')
  const typed = `SELECT ${[...columns, ...marked].join(', ')} FROM (${carried})`
  const rest = own.length > 0 ? `* EXCLUDE (${own.join(', ')})` : '*'
  const truncated = format.marksDeletes ? `coalesce(${TRUNCATED}, false)` : 'false'
  const ownFields = MARKS.map((name) => ({ name, type: 'boolean', aliases: [], shapes: [] }) as const)
  return {
    ...dataset,
    fields: format.marksDeletes ? [...fields, ...ownFields] : fields,
    schema: changeSchema(dataset),
    sql: `SELECT ${rest}, ${deleted} AS ${DELETED}, ${truncated} AS ${TRUNCATED} FROM (${typed})`,
    // What is promised of rows is not asked of a record that takes one away.
    expectations: expectations.map((each) => ({ ...each, predicate: `(${DELETED} OR (${each.predicate}))` })),
  }
}

const MARKS = [DELETED, TRUNCATED] as const

/** Returns the SELECT with these columns carried along; `need` is what a message says of one where that can't be done. */
export function carry(select: Select, names: readonly string[], need: string): Select {
  if (!isProjection(select)) {
    const what = `${need} plain SELECTs, one FROM another`
    throw new MillraceError('DATASET_INVALID', what, { next: 'Take joins, aggregates and UNION out of it.' })
  }
  const columns = select.select_list.map((column) =>
    column.class === 'STAR' ? { ...column, exclude_list: [...(column.exclude_list ?? []), ...names] } : column,
  )
  return {
    ...inEachQuery(select, (query) => carry(query, names, need)),
    select_list: [...columns, ...names.map((name) => nameOf(name))],
  }
}

/** Returns SQL over changes: why a record is none, or its row is not taken by `table`; NULL where nothing is wrong. */
export function changeRefusal(
  { mode, key, sequenceBy }: Keyed,
  { schema: { fields }, layout }: Dataset,
  table: Snapshot | undefined,
): string {
  const partitionedBy = table?.metadata.partitionColumns ?? layout?.partitionBy ?? []
  const texts = new Set(fields.filter(({ type }) => type === 'string').map(({ name }) => name))
  const hasRow = `NOT ${TRUNCATED} AND `
  const missing = [
    ...key.map((name) => ({ name, role: 'key', unless: hasRow })),
    // Where all rows go that were read before, nothing is asked of their sequence.
    ...sequenceBy.map((name) => ({ name, role: 'sequence', unless: mode === 'history' ? '' : hasRow })),
  ].flatMap(({ name, role, unless }) => {
    const column = `the ${role} column ${JSON.stringify(name)}`
    const isNull = `WHEN ${unless}${quoteName(name)} IS NULL THEN ${quoteText(`${column} is null`)}`
    // Delta keeps it as NULL, and no change would find the row again.
    const isEmpty = `WHEN ${unless}${quoteName(name)} = '' THEN ${quoteText(`${column} is empty, which a partition column can't hold`)}`
    return texts.has(name) && partitionedBy.includes(name) ? [isNull, isEmpty] : [isNull]
  })
  const columns = fields.map(({ name }) => name)
  const refusal = table && rowRefusal(table.metadata, columns)
  return `CASE ${missing.join(' ')}${refusal === undefined ? '' : ` WHEN NOT ${DELETED} THEN ${refusal}`} END`
}
