import { quoteName } from '@millrace/engine'
import type { StructField } from '../log/schema.ts'

/** Metadata key for the type of a CHAR or VARCHAR column, which is a string in the schema. */
export const LENGTH_KEY = '__CHAR_VARCHAR_TYPE_STRING'

const BOUNDED = /^(char|varchar)\((\d{1,10})\)$/i

export interface LengthRule {
  readonly isPadded: boolean
  readonly length: number
}

/** Undefined: a column of any length, or one whose values have lengths inside. */
export function lengthRule({ type, metadata }: Pick<StructField, 'type' | 'metadata'>): LengthRule | undefined {
  const match = type === 'string' ? BOUNDED.exec(String(metadata[LENGTH_KEY])) : null
  return match ? { isPadded: match[1]?.toLowerCase() === 'char', length: Number(match[2]) } : undefined
}

/** Marks our error among DuckDB's other errors. */
export const LENGTH_REFUSED = 'millrace: LENGTH:'

/** A value as Spark writes it: spaces beyond the length are cut, CHAR is filled up; a longer one is an error. */
export function fitted(field: StructField, value: string): string {
  const rule = lengthRule(field)
  if (!rule) return value
  const { isPadded, length } = rule
  const refusal = `error('${LENGTH_REFUSED} ${quoteName(field.name).replaceAll("'", "''")}')`
  const short = isPadded ? `rpad(${value}, ${length}, ' ')` : value
  return `CASE WHEN length(${value}) <= ${length} THEN ${short}
    WHEN length(rtrim(${value}, ' ')) <= ${length} THEN left(${value}, ${length})
    WHEN ${value} IS NULL THEN NULL ELSE ${refusal} END`
}
