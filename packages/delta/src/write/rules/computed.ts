import { quoteText } from '@millrace/engine'
import type { Metadata } from '../../log/actions.ts'
import { filledBySelf } from '../../log/layout.ts'
import { duckdbType, type StructField, schemaOf } from '../../log/schema.ts'
import { type Word, wordsOf } from './constraint-words.ts'

/** Metadata of a column: what its values are made of; and the value where a row says none. */
export const GENERATION = 'delta.generationExpression'
const DEFAULT = 'CURRENT_DEFAULT'

/** Whether rows may leave out a column: it is generated from others, or has a default. */
function fillsItself({ metadata }: StructField): boolean {
  return GENERATION in metadata || DEFAULT in metadata
}

export function isGenerated({ metadata }: StructField): boolean {
  return GENERATION in metadata
}

/** Returns the columns whose values come with the rows. The others are filled by the table. */
export function givenColumns(metadata: Metadata): StructField[] {
  return schemaOf(metadata).fields.filter((field) => !fillsItself(field) && filledBySelf(field) === undefined)
}

/**
 * Returns SQL for the value of a column where a row says none. `now` is the time of the statement: several queries over
 * the same rows need it to agree.
 */
export function defaultValue(field: StructField, now?: number): string {
  const value = DEFAULT in field.metadata ? (constantSql(field) ?? 'NULL') : 'NULL'
  const at = `make_timestamp_ms(${now})`
  if (now === undefined || !CLOCKS.includes(value)) return value
  return value === 'now()' ? `timezone('UTC', ${at})` : `CAST(${at} AS DATE)`
}

const CLOCKS = ['now()', 'current_date']

/**
 * Returns the default of a column as SQL for DuckDB, or undefined where it is not sure that it means the same. Taken are
 * literals, and the time of the statement. The text is another writer's: nothing of it becomes SQL but literals.
 */
function constantSql({ type, metadata }: StructField): string | undefined {
  if (typeof type !== 'string') return undefined
  const words = wordsOf(String(metadata[DEFAULT])) ?? []
  const [first, second, third] = words
  const name = first?.kind === 'name' ? first.text.toUpperCase() : undefined
  const isCall = words.length === 3 && second?.text === '(' && third?.text === ')'
  if (name === 'CURRENT_TIMESTAMP' && (words.length === 1 || isCall) && type === 'timestamp') return 'now()'
  if (name === 'CURRENT_DATE' && (words.length === 1 || isCall) && type === 'date') return 'current_date'
  if (name === 'DATE' && words.length === 2 && second?.kind === 'text') return literal(second, type)
  if (first?.text === '-' && words.length === 2 && second?.kind === 'number')
    return isNumber(type) ? `CAST(${quoteText(`-${second.text}`)} AS ${duckdbType(type)})` : undefined
  return words.length === 1 ? literal(first as Word, type) : undefined
}

const INTEGER = /^(byte|short|integer|long)$/

function isNumber(type: string): boolean {
  return INTEGER.test(type) || /^(float|double|decimal\(.*\))$/.test(type)
}

function literal({ kind, text }: Word, type: string): string | undefined {
  const value = `CAST(${quoteText(text)} AS ${duckdbType(type)})`
  if (kind === 'number') return isNumber(type) && !(INTEGER.test(type) && text.includes('.')) ? value : undefined
  if (kind === 'text') return type === 'string' || (type === 'date' && DAY.test(text)) ? value : undefined
  if (kind !== 'name') return undefined
  if (/^null$/i.test(text)) return 'NULL'
  return /^(true|false)$/i.test(text) && type === 'boolean' ? value : undefined
}

const DAY = /^\d{4}-\d\d-\d\d$/

/**
 * Returns what a generated column is made of as SQL for DuckDB, or undefined where it is not sure that both give the same
 * value: a column of the same type, CAST(… AS DATE), YEAR, MONTH, DAY and HOUR of a date or time, and sums and differences
 * of whole numbers. Days and hours of a timestamp are UTC's.
 */
export function generatedValue(
  field: StructField,
  metadata: Metadata,
  sqlOf: (field: StructField) => string,
): string | undefined {
  const words = wordsOf(String(field.metadata[GENERATION])) ?? []
  const { fields } = schemaOf(metadata)
  const columnOf = (word: Word | undefined) => {
    if (word?.kind !== 'name' && word?.kind !== 'quoted name') return undefined
    const named = fields.find(({ name }) => name.toLowerCase() === word.text.toLowerCase())
    // Not taken: an expression over another generated column, which would have to be computed first.
    return named && !isGenerated(named) && typeof named.type === 'string' ? named : undefined
  }
  const shape = words.map(({ kind, text }) => (kind === 'name' ? text.toUpperCase() : text))
  const [called = '', open] = shape
  if (open === '(' && shape.at(-1) === ')') {
    const column = columnOf(words[2])
    const isTime = /^(date|timestamp|timestamp_ntz)$/.test(String(column?.type))
    if (!column || !isTime) return undefined
    if (called === 'CAST' && words.length === 6 && shape[3] === 'AS' && shape[4] === 'DATE')
      return field.type === 'date' ? `CAST(${sqlOf(column)} AS DATE)` : undefined
    if (words.length !== 4 || !PARTS.test(called) || field.type !== 'integer') return undefined
    return called === 'HOUR' && column.type === 'date' ? undefined : `${called.toLowerCase()}(${sqlOf(column)})`
  }
  const only = words.length === 1 ? columnOf(words[0]) : undefined
  if (only) return only.type === field.type ? sqlOf(only) : undefined
  return sumOf(words, field, columnOf, sqlOf)
}

const PARTS = /^(YEAR|MONTH|DAY|HOUR)$/

/** A sum of whole numbers, all of the column's own type, so that it overflows in both engines or in none. */
function sumOf(
  words: readonly Word[],
  { type }: StructField,
  columnOf: (word: Word | undefined) => StructField | undefined,
  sqlOf: (field: StructField) => string,
): string | undefined {
  if (!/^(integer|long)$/.test(String(type)) || words.length < 3 || words.length % 2 === 0) return undefined
  const parts = words.map((word, i) => {
    if (i % 2 === 1) return /^[+-]$/.test(word.text) ? word.text : undefined
    const column = columnOf(word)
    if (column) return column.type === type ? sqlOf(column) : undefined
    return word.kind === 'number' && /^\d{1,9}$/.test(word.text)
      ? `CAST(${word.text} AS ${duckdbType(type)})`
      : undefined
  })
  return parts.includes(undefined) ? undefined : parts.join(' ')
}

/** Names the generated columns and defaults that we cannot compute. */
export function unmadeValues(metadata: Metadata): string[] {
  return schemaOf(metadata).fields.flatMap((field) => [
    ...(isGenerated(field) && generatedValue(field, metadata, () => 'NULL') === undefined
      ? [`a generation expression of column ${field.name} (${field.metadata[GENERATION]})`]
      : []),
    ...(DEFAULT in field.metadata && constantSql(field) === undefined
      ? [`a default value of column ${field.name} (${field.metadata[DEFAULT]})`]
      : []),
  ])
}
