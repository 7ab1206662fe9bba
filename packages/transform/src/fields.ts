import { quoteName, quoteText } from '@millrace/engine'
import { noTimestamp, type TimestampShape, timestampValue } from './timestamps.ts'

export const FIELD_TYPES = ['text', 'integer', 'long', 'double', 'boolean', 'timestamp'] as const

export type FieldType = (typeof FIELD_TYPES)[number]

/** What comes in under one name, with the other names that it is known by. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly aliases: readonly string[]
  /** How a timestamp may be written. */
  readonly shapes: readonly TimestampShape[]
}

export const SQL_TYPES: Readonly<Record<FieldType, string>> = {
  text: 'VARCHAR',
  integer: 'INTEGER',
  long: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMPTZ',
}

/** One field in SQL, over columns that hold each of its names' values as text: the one rule for both ways to read a record. */
export interface FieldSql {
  readonly name: string
  /** Why a record may not be read, and when. */
  readonly faults: readonly { readonly reason: string; readonly when: string }[]
  /** The value, where there is no fault. */
  readonly value: string
}

export function fieldSql(field: Field): FieldSql {
  const names = [field.name, ...field.aliases]
  const columns = names.map(quoteName)
  const text = columns.length === 1 ? String(columns[0]) : `coalesce(${columns.join(', ')})`
  const wrong = wrongType(field, text)
  return {
    name: field.name,
    faults: [
      ...columns.slice(1).map((column, i) => ({
        reason: `fields ${field.name} and ${names[i + 1]} disagree`,
        when: `${column} <> ${text}`,
      })),
      ...(wrong ? [{ reason: `wrong type in field ${field.name}`, when: wrong }] : []),
    ],
    value: value(field.type, text),
  }
}

function value(type: FieldType, text: string): string {
  if (type === 'text') return text
  return type === 'timestamp' ? timestampValue(text) : `TRY_CAST(${text} AS ${SQL_TYPES[type]})`
}

const NUMBER = '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?'

/**
 * When a text is not of its type. A cast alone would take far more: 1.5 and `true` as integers, `1_000`,
 * `0x10`, `nan`, ` 5 `. NULL is of every type.
 */
function wrongType({ type, shapes }: Field, text: string): string | undefined {
  const cast = value(type, text)
  switch (type) {
    case 'text':
      return undefined
    case 'integer':
    case 'long':
      return `${text} IS DISTINCT FROM CAST(${cast} AS VARCHAR)`
    case 'double':
      return `${text} IS NOT NULL AND (NOT regexp_full_match(${text}, ${quoteText(NUMBER)}) OR NOT isfinite(${cast}))`
    case 'boolean':
      return `${text} NOT IN ('true', 'false')`
    case 'timestamp':
      return noTimestamp(text, shapes)
  }
}
