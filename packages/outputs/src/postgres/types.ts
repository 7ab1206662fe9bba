import { type DataType, decimalType, type StructField } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import type { Dataset } from '@millrace/transform'

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  long: 'bigint',
  integer: 'integer',
  short: 'smallint',
  byte: 'smallint',
  double: 'double precision',
  float: 'real',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp with time zone',
  timestamp_ntz: 'timestamp without time zone',
  binary: 'bytea',
}

/** Returns the type of a column in PostgreSQL. Lists, maps and structs are JSON there. */
export function postgresType(type: DataType): string {
  if (typeof type === 'object') return 'jsonb'
  const decimal = decimalType(type)
  return decimal ? `numeric(${decimal.precision},${decimal.scale})` : (TYPES[type] ?? 'text')
}

/** Returns the engine's SQL for a column as COPY takes it. */
export function copyValue({ name, type }: StructField): string {
  const column = quoteName(name)
  if (typeof type === 'object') return `CAST(to_json(${column}) AS VARCHAR)`
  // Without a zone, as sessions are in UTC: the engine takes a quarter of a batch's CPU to write it, time by time.
  if (type === 'timestamp') return `coalesce(make_timestamp(epoch_us(${column}))::VARCHAR, ${column}::VARCHAR)`
  return type === 'binary' ? `'\\x' || hex(${column})` : column
}

/** In bytes: an index holds no more of a row. */
const LONGEST_KEY = 2_600

/** Returns the engine's SQL for whether the table of a data set can hold a row. */
export function fitsTable({ schema: { fields }, keyed }: Dataset): string {
  const texts = fields.filter(({ name, type }) => type === 'string' && keyed?.key.includes(name))
  if (texts.length === 0) return fitsPostgres(fields)
  const length = texts.map(({ name }) => `coalesce(strlen(${quoteName(name)}), 0)`).join(' + ')
  return `${fitsPostgres(fields)} AND ${length} <= ${LONGEST_KEY}`
}

/**
 * Returns the engine's SQL for whether PostgreSQL can hold a row: no text has a NUL character, and no day or moment
 * lies outside of the years 1 to 9999.
 */
export function fitsPostgres(fields: readonly StructField[]): string {
  const conditions = fields.flatMap(({ name, type }) => {
    const column = quoteName(name)
    if (typeof type === 'object') return [`NOT contains(CAST(to_json(${column}) AS VARCHAR), '\\u0000')`]
    if (type === 'string') return [`NOT contains(${column}, chr(0))`]
    return /^(date|timestamp)/.test(type) ? [`year(${column}) BETWEEN 1 AND 9999`] : []
  })
  return conditions.length === 0 ? 'true' : conditions.map((each) => `coalesce(${each}, true)`).join(' AND ')
}
