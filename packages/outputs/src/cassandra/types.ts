import { type DataType, decimalType, type StructField } from '@millrace/delta'
import { quoteName } from '@millrace/engine'

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  long: 'bigint',
  integer: 'int',
  short: 'smallint',
  byte: 'tinyint',
  double: 'double',
  float: 'float',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  timestamp_ntz: 'timestamp',
  binary: 'blob',
}

/** Returns the type of a column in Cassandra. Lists, maps and structs are JSON there. */
export function cassandraType(type: DataType): string {
  if (typeof type === 'object') return 'text'
  return decimalType(type) ? 'decimal' : (TYPES[type] ?? 'text')
}

/** Returns the engine's SQL for a column in a form that `boundValue` takes. */
export function readValue({ name, type }: StructField): string {
  const column = quoteName(name)
  if (typeof type === 'object') return `CAST(to_json(${column}) AS VARCHAR)`
  if (type === 'timestamp' || type === 'timestamp_ntz') return `epoch_ms(${column})`
  if (type === 'binary') return `hex(${column})`
  return type === 'long' || type === 'date' || decimalType(type) ? `CAST(${column} AS VARCHAR)` : column
}

/** Returns a value as the driver takes it. */
export function boundValue(type: DataType, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return Number(value)
  return type === 'binary' ? Buffer.from(String(value), 'hex') : value
}

/** In bytes; what is longer can be no key. */
const LONGEST_KEY = 65_535

/**
 * Returns the engine's SQL for whether Cassandra can hold a row: no column of the key is NULL or an empty or very long
 * text, and moments have no more than milliseconds.
 */
export function fitsCassandra(fields: readonly StructField[], key: readonly string[]): string {
  const conditions = fields.flatMap(({ name, type }) => {
    const column = quoteName(name)
    const inKey = key.includes(name)
    const known = inKey ? [`${column} IS NOT NULL`] : []
    if (inKey && type === 'string') return [...known, `strlen(${column}) BETWEEN 1 AND ${LONGEST_KEY}`]
    if (type !== 'timestamp' && type !== 'timestamp_ntz') return known
    return [...known, `coalesce(epoch_us(${column}) % 1000 = 0, true)`]
  })
  return conditions.length === 0 ? 'true' : conditions.join(' AND ')
}
