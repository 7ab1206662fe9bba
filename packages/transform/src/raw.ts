import { quoteName, quoteText } from '@millrace/lake'
import type { Dataset, Field, FieldType } from './dataset.ts'

/** A SELECT that gives the data set's fields, typed, from newline-joined JSON in a file. A wrong type is an error, never a guess. */
export function rawQuery(dataset: Dataset, jsonFile: string): string {
  const names = dataset.fields.flatMap(({ name, aliases }) => [name, ...aliases])
  const columns = names.map((name) => `${quoteName(name)}: 'VARCHAR'`).join(', ')
  const read = `read_json(${quoteText(jsonFile)}, format = 'newline_delimited', columns = {${columns}}, hive_partitioning = false)`
  return `SELECT ${dataset.fields.map(typedField).join(', ')} FROM ${read}`
}

function typedField({ name, type, aliases }: Field): string {
  const names = [name, ...aliases].map(quoteName)
  const text = names.length === 1 ? names[0] : `coalesce(${names.join(', ')})`
  return `${typed(String(text), type, name)} AS ${quoteName(name)}`
}

const TYPES: Readonly<Record<Exclude<FieldType, 'text'>, string>> = {
  integer: 'INTEGER',
  long: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMPTZ',
}

function typed(text: string, type: FieldType, name: string): string {
  if (type === 'text') return text
  const whole = type === 'integer' || type === 'long'
  const cast = `TRY_CAST(${type === 'timestamp' ? dashed(text) : text} AS ${TYPES[type]})`
  const right = whole ? `regexp_full_match(${text}, '-?[0-9]+') AND ${cast} IS NOT NULL` : `${cast} IS NOT NULL`
  return `CASE WHEN ${text} IS NULL THEN NULL WHEN ${right} THEN ${cast} ELSE error(${quoteText(`wrong type in field ${name}`)}) END`
}

/** `2022:10:19 01:02:03` is seen in the wild. */
function dashed(text: string): string {
  return `regexp_replace(${text}, '^(\\d{4}):(\\d{2}):(\\d{2})', '\\1-\\2-\\3')`
}
