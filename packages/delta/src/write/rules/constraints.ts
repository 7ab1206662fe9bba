import { quoteText } from '@millrace/engine'
import type { StructField } from '../../log/schema.ts'
import { type Word, wordsOf } from './constraint-words.ts'
import { LENGTH_KEY } from './lengths.ts'

/** Returns SQL for a column's value, as the table stores it. */
export type ColumnSql = (field: StructField) => string

/**
 * Returns a CHECK constraint of Spark's as SQL for DuckDB, or undefined where it is not sure that both give the same
 * truth. The text is another writer's: nothing of it becomes SQL but columns, literals and the few signs known here.
 * Taken are comparisons of columns and literals of one kind, IN, BETWEEN, IS NULL, NOT, AND, OR and parentheses.
 */
export function constraintSql(
  expression: string,
  fields: readonly StructField[],
  columnSql: ColumnSql,
): string | undefined {
  const words = expression.length > LONGEST ? undefined : wordsOf(expression)
  if (!words) return undefined
  try {
    return parse(words, fields, columnSql)
  } catch (error) {
    if (error instanceof NotTaken) return undefined
    throw error
  }
}

const LONGEST = 10_000
const DEEPEST = 100

class NotTaken extends Error {}

function notTaken(): never {
  throw new NotTaken()
}

/** Values of one kind have one order in both engines. */
type Kind = 'exact' | 'rough' | 'text' | 'boolean' | 'date' | 'timestamp' | 'timestamp_ntz' | 'null' | 'other'

interface Operand {
  readonly kind: Kind
  readonly sql: string
  /** For an exact number: its digits before and after the point. */
  readonly whole?: number
  readonly scale?: number
  readonly literal?: string
}

/** Reads an expression from left to right. */
interface Reader {
  /** Takes the next word if it is this sign or keyword. */
  take(...texts: string[]): string | undefined
  next(): Word
  /** The next word, which stays. */
  peek(): Word | undefined
}

function readerOf(words: readonly Word[]): Reader {
  let at = 0
  const takes = (text: string) => {
    const word = words[at]
    return (word?.kind === 'sign' || word?.kind === 'name') && word.text.toUpperCase() === text
  }
  return {
    take(...texts) {
      const found = texts.find(takes)
      if (found !== undefined) at++
      return found
    },
    next: () => words[at++] ?? notTaken(),
    peek: () => words[at],
  }
}

function parse(words: readonly Word[], fields: readonly StructField[], columnSql: ColumnSql): string {
  const reader = readerOf(words)
  const sql = either(0)
  return reader.peek() === undefined ? sql : notTaken()

  function either(depth: number): string {
    if (depth > DEEPEST) notTaken()
    const parts = [both(depth)]
    while (reader.take('OR')) parts.push(both(depth))
    return parts.length === 1 ? String(parts[0]) : `(${parts.join(' OR ')})`
  }

  function both(depth: number): string {
    const parts = [negated(depth)]
    while (reader.take('AND')) parts.push(negated(depth))
    return parts.length === 1 ? String(parts[0]) : `(${parts.join(' AND ')})`
  }

  function negated(depth: number): string {
    if (reader.take('NOT')) return `(NOT ${negated(depth + 1)})`
    if (!reader.take('(')) return comparison()
    const inner = either(depth + 1)
    return reader.take(')') ? `(${inner})` : notTaken()
  }

  function comparison(): string {
    const left = operand()
    if (reader.take('IS')) {
      const not = reader.take('NOT') ? 'NOT ' : ''
      return reader.take('NULL') ? `(${left.sql} IS ${not}NULL)` : notTaken()
    }
    const not = reader.take('NOT') ? 'NOT ' : ''
    if (reader.take('IN')) return `(${not}${isIn(left)})`
    if (reader.take('BETWEEN')) {
      const low = operand()
      if (!reader.take('AND')) notTaken()
      return `(${not}(${compared(left, '>=', low)} AND ${compared(left, '<=', operand())}))`
    }
    if (not !== '') notTaken()
    const sign = reader.take('<=>', '<>', '!=', '<=', '>=', '==', '=', '<', '>')
    if (sign !== undefined) return compared(left, SIGNS[sign] ?? sign, operand())
    return left.kind === 'boolean' ? left.sql : notTaken()
  }

  function isIn(left: Operand): string {
    if (!reader.take('(')) notTaken()
    const parts = [compared(left, '=', operand())]
    while (reader.take(',')) parts.push(compared(left, '=', operand()))
    return reader.take(')') ? `(${parts.join(' OR ')})` : notTaken()
  }

  function operand(): Operand {
    if (reader.take('-')) return numberOperand(`-${numberText(reader.next())}`)
    const word = reader.next()
    if (word.kind === 'number') return numberOperand(word.text)
    if (word.kind === 'text') return { kind: 'text', sql: quoteText(word.text), literal: word.text }
    if (word.kind === 'sign') return notTaken()
    const keyword = word.kind === 'name' ? word.text.toUpperCase() : ''
    if (keyword === 'DATE' && reader.peek()?.kind === 'text') return dateOperand(reader.next().text)
    const literal = LITERALS[keyword]
    if (literal) return literal
    const name = word.text.toLowerCase()
    const field = fields.find((candidate) => candidate.name.toLowerCase() === name)
    // A name and a parenthesis make a function, which is none of the signs that may follow.
    return field ? columnOperand(field, columnSql(field)) : notTaken()
  }
}

const SIGNS: Readonly<Record<string, string>> = { '<=>': 'IS NOT DISTINCT FROM', '!=': '<>', '==': '=' }

const LITERALS: Readonly<Record<string, Operand>> = {
  TRUE: { kind: 'boolean', sql: 'true' },
  FALSE: { kind: 'boolean', sql: 'false' },
  NULL: { kind: 'null', sql: 'NULL' },
}

function numberText(word: Word): string {
  return word.kind === 'number' ? word.text : notTaken()
}

function numberOperand(text: string): Operand {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  return { kind: 'exact', sql: quoteText(text), whole: whole.length, scale: fraction.length, literal: text }
}

function dateOperand(text: string): Operand {
  return isDay(text) ? { kind: 'date', sql: `DATE ${quoteText(text)}` } : notTaken()
}

const DIGITS: Readonly<Record<string, number>> = { byte: 3, short: 5, integer: 10, long: 19 }
const DECIMAL = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/

function columnOperand({ type, metadata }: StructField, sql: string): Operand {
  // Spark fills up what is compared with a CHAR, and orders a text with a collation by that.
  const isOwnOrder = /^char/i.test(String(metadata[LENGTH_KEY] ?? '')) || '__COLLATIONS' in metadata
  if (typeof type !== 'string' || isOwnOrder) return { kind: 'other', sql }
  const [, precision, scale] = DECIMAL.exec(type) ?? []
  if (precision !== undefined) {
    return { kind: 'exact', sql, whole: Number(precision) - Number(scale), scale: Number(scale) }
  }
  const whole = DIGITS[type]
  if (whole !== undefined) return { kind: 'exact', sql, whole, scale: 0 }
  return { kind: KINDS[type] ?? 'other', sql, ...(type === 'float' && { whole: FLOAT_DIGITS }) }
}

/** Integers of so many digits are floats, all of them; Spark compares a float with an integer as floats. */
const FLOAT_DIGITS = 7
const DOUBLE_DIGITS = 15

const KINDS: Readonly<Record<string, Kind>> = {
  float: 'rough',
  double: 'rough',
  string: 'text',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  timestamp_ntz: 'timestamp_ntz',
}

const MOST_DIGITS = 38
const DAY = /^\d{4}-\d\d-\d\d$/

function compared(left: Operand, sign: string, right: Operand): string {
  if (left.kind === 'null' || right.kind === 'null') return `(${left.sql} ${sign} ${right.sql})`
  const type = commonType(left, right)
  const value = ({ sql, kind }: Operand) => (kind === 'exact' || type === 'DATE' ? `CAST(${sql} AS ${type})` : sql)
  return `(${value(left)} ${sign} ${value(right)})`
}

/** Returns the type that both sides are cast to. */
function commonType(left: Operand, right: Operand): string {
  if (left.kind === 'exact' && right.kind === 'exact') {
    const scale = Math.max(left.scale ?? 0, right.scale ?? 0)
    const whole = Math.max(left.whole ?? 0, right.whole ?? 0, 1)
    return whole + scale <= MOST_DIGITS ? `DECIMAL(${whole + scale}, ${scale})` : notTaken()
  }
  if (left.kind === right.kind) return left.kind === 'other' ? notTaken() : ''
  return literalType(left, right) ?? literalType(right, left) ?? notTaken()
}

/** Spark brings a literal to the kind of what it is compared with. */
function literalType(value: Operand, { kind, literal, whole = 0, scale = 0 }: Operand): string | undefined {
  if (literal === undefined) return undefined
  if (value.kind === 'date' && kind === 'text') return isDay(literal) ? 'DATE' : undefined
  const digits = scale === 0 ? (value.whole ?? DOUBLE_DIGITS) : DOUBLE_DIGITS
  return value.kind === 'rough' && kind === 'exact' && whole + scale <= digits ? 'DOUBLE' : undefined
}

function isDay(text: string | undefined): boolean {
  const isShaped = text !== undefined && DAY.test(text)
  return isShaped && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)
}
