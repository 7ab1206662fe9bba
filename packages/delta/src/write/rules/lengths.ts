import type { StructField } from '../../log/schema.ts'

/** Metadata key for the type of a CHAR or VARCHAR column, which is a string in the schema. */
export const LENGTH_KEY = '__CHAR_VARCHAR_TYPE_STRING'

const BOUNDED = /^(char|varchar)\((\d{1,10})\)$/i

export interface LengthRule {
  /** The type as people write it. */
  readonly name: string
  readonly isPadded: boolean
  readonly length: number
}

/** Returns the length rule of a column; undefined for any length, or where values have lengths inside. */
export function lengthRule({ type, metadata }: Pick<StructField, 'type' | 'metadata'>): LengthRule | undefined {
  const match = type === 'string' ? BOUNDED.exec(String(metadata[LENGTH_KEY])) : null
  if (!match) return undefined
  const kind = String(match[1]).toLowerCase()
  const length = Number(match[2])
  return { name: `${kind}(${length})`, isPadded: kind === 'char', length }
}

/** Returns SQL that is true for a value that is too long: spaces at its end do not count. */
export function tooLong(value: string, { length }: LengthRule): string {
  return `length(rtrim(${value}, ' ')) > ${length}`
}

/** Returns SQL for a value as Spark writes it: spaces beyond the length are cut, CHAR is filled up. */
export function fitted(field: StructField, value: string): string {
  const rule = lengthRule(field)
  if (!rule) return value
  const { isPadded, length } = rule
  const short = isPadded ? `rpad(${value}, ${length}, ' ')` : value
  return `CASE WHEN length(${value}) <= ${length} THEN ${short} ELSE left(${value}, ${length}) END`
}
