import { MillraceError } from '@millrace/base'
import type { DataType, StructField } from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'
import type { Dataset } from '@millrace/transform'

/** Trino's names of Delta's types. docs/trino.md has the list. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'varchar',
  byte: 'tinyint',
  short: 'smallint',
  integer: 'integer',
  long: 'bigint',
  float: 'real',
  double: 'double',
  boolean: 'boolean',
  binary: 'varbinary',
  date: 'date',
  timestamp: 'timestamp(3) with time zone',
  timestamp_ntz: 'timestamp(6)',
}

function trinoType(type: DataType): string {
  if (typeof type === 'string') {
    const name = TYPES[type] ?? (type.startsWith('decimal') ? type : undefined)
    if (name !== undefined) return name
    throw new MillraceError('TABLE_UNSUPPORTED', `Trino has no type for ${type}`)
  }
  switch (type.type) {
    case 'array':
      return `array(${trinoType(type.elementType)})`
    case 'map':
      return `map(${trinoType(type.keyType)}, ${trinoType(type.valueType)})`
    case 'struct':
      return `row(${type.fields.map((field) => `${quoteName(field.name)} ${trinoType(field.type)}`).join(', ')})`
  }
}

export function columnList({ schema }: Dataset): string {
  return schema.fields.map(({ name }) => quoteName(name)).join(', ')
}

/** Returns SQL of a column that the rows do not have. */
export function nullColumn({ name, type }: StructField): string {
  return `CAST(NULL AS ${trinoType(type)}) AS ${quoteName(name)}`
}

/** Returns SQL that cleans the table `raw` with clean.sql and casts the columns to the data set's types. */
export function cleaned(dataset: Dataset, raw: string): string {
  const columns = dataset.schema.fields.map(
    ({ name, type }) => `CAST(${quoteName(name)} AS ${trinoType(type)}) AS ${quoteName(name)}`,
  )
  return `SELECT ${columns.join(', ')} FROM (WITH raw AS (SELECT * FROM ${raw}) SELECT * FROM (\n${dataset.sql}\n))`
}

/** Objection to a row with a time in the future. */
export const LATE = 'late'

const STRICTNESS = ['stop', 'quarantine', 'drop'] as const

/** Returns SQL for the strictest objection to a row, such as `quarantine has_number`, or NULL if the row may stay. */
export function objection({ schema, expectations }: Dataset, latest: number): string {
  const failed = STRICTNESS.flatMap((outcome) =>
    expectations
      .filter(({ otherwise }) => otherwise === outcome)
      .map(({ name, predicate }) => `WHEN NOT coalesce(${predicate}, false) THEN ${quoteText(`${outcome} ${name}`)}`),
  )
  const late = schema.fields
    .filter(({ type }) => type === 'timestamp')
    .map(({ name }) => `WHEN ${quoteName(name)} > from_unixtime(${latest / 1000}) THEN '${LATE}'`)
  const cases = [...failed, ...late]
  return cases.length === 0 ? 'CAST(NULL AS varchar)' : `CASE ${cases.join(' ')} END`
}
