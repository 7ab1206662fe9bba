import { MillraceError } from '@millrace/base'
import { quoteName, quoteText } from '@millrace/engine'
import { duckdbType, type StructField } from '../log/schema.ts'

/** Which rows: plain data, for pruning files and for SQL alike. NULL compares as in SQL. */
export type Predicate =
  | { readonly op: 'and' | 'or'; readonly of: readonly Predicate[] }
  | { readonly op: Comparison; readonly column: string; readonly value: Value }
  | { readonly op: 'in'; readonly column: string; readonly values: readonly Value[] }
  | { readonly op: 'is null'; readonly column: string }
  | { readonly op: 'is not null'; readonly column: string }

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

/** Dates, times, decimals and long numbers as text. */
export type Value = string | number | bigint | boolean

export function columnsOf(predicate: Predicate): string[] {
  return 'of' in predicate ? predicate.of.flatMap(columnsOf) : [predicate.column]
}

export function fieldNamed(fields: readonly StructField[], name: string): StructField {
  const field = fields.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
  if (field) return field
  const known = fields.map((candidate) => candidate.name).join(', ')
  throw new MillraceError('QUERY_FAILED', `there is no column ${name}; the columns are ${known}`)
}

export function predicateSql(predicate: Predicate, fields: readonly StructField[]): string {
  switch (predicate.op) {
    case 'and':
    case 'or':
      return joined(
        predicate.of.map((part) => predicateSql(part, fields)),
        predicate.op,
      )
    case 'is null':
    case 'is not null':
      return `${quoteName(predicate.column)} ${predicate.op.toUpperCase()}`
    case 'in': {
      const literals = predicate.values.map((value) => literal(value, fieldNamed(fields, predicate.column)))
      return literals.length === 0 ? 'false' : `${quoteName(predicate.column)} IN (${literals.join(', ')})`
    }
    default:
      return `${quoteName(predicate.column)} ${predicate.op} ${literal(predicate.value, fieldNamed(fields, predicate.column))}`
  }
}

function joined(parts: readonly string[], op: 'and' | 'or'): string {
  if (parts.length === 0) return op === 'and' ? 'true' : 'false'
  return `(${parts.join(op === 'and' ? ' AND ' : ' OR ')})`
}

function literal(value: Value, field: StructField): string {
  return typeof value === 'string' ? `CAST(${quoteText(value)} AS ${duckdbType(field.type)})` : String(value)
}
