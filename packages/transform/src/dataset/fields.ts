import { decimalType, duckdbType } from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'

/** Ways in which a moment may be written. Without a zone it is UTC; an offset is honoured. */
export const TIMESTAMP_SHAPES = ['YYYY-MM-DD HH:MM:SS', 'YYYY-MM-DDTHH:MM:SS', 'YYYY:MM:DD HH:MM:SS'] as const

export type TimestampShape = (typeof TIMESTAMP_SHAPES)[number]

export const SIMPLE_FIELD_TYPES = ['text', 'integer', 'long', 'double', 'boolean', 'date', 'timestamp'] as const

/** `decimal(precision, scale)` is written as Delta writes it. */
export type FieldType = (typeof SIMPLE_FIELD_TYPES)[number] | `decimal(${string})`

/** An input field, with the other names that it may come under. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly aliases: readonly string[]
  /** How a timestamp may be written. */
  readonly shapes: readonly TimestampShape[]
  /** The only name that it comes under, where that is no name that clean.sql may know. */
  readonly hiddenName?: string
}

/** Names that clean.sql must not meet begin so: of fields that came to the data set while it was read. */
export const ADDED = 'millrace_new:'

/** Returns every name that a field may come under. */
export function namesOf({ name, aliases, hiddenName }: Field): string[] {
  return hiddenName === undefined ? [name, ...aliases] : [hiddenName]
}

/** Returns the type of a field's values in SQL. */
export function sqlType(type: FieldType): string {
  return duckdbType(type === 'text' ? 'string' : type)
}

/**
 * Returns the type of the columns that hold a field's values as they are read. Of a decimal it must be known whether it
 * was sent as a text.
 */
export function readType(field: Field): 'VARCHAR' | 'JSON' {
  return isDecimal(field) ? 'JSON' : 'VARCHAR'
}

function isDecimal({ type }: Field): boolean {
  return type.startsWith('decimal')
}

/** A number with a point is read as a double, which keeps 15 digits of any decimal. */
const EXACT_DIGITS = 15

function tooManyDigits(name: string) {
  const digits = `trim(regexp_replace(${quoteName(name)}, '[^0-9]', '', 'g'), '0')`
  return {
    reason: `too many digits for a number in field ${name}`,
    when: `json_type(${quoteName(name)}) = 'DOUBLE' AND strlen(${digits}) > ${EXACT_DIGITS}`,
  }
}

/** One field in SQL, over columns that hold each of its names' values: the one rule for both ways to read a record. */
export interface FieldSql {
  readonly name: string
  /** Why a record may not be read, and when. */
  readonly faults: readonly { readonly reason: string; readonly when: string }[]
  /** The value, where there is no fault. */
  readonly value: string
}

export function fieldSql(field: Field): FieldSql {
  const names = namesOf(field)
  const columns = names.map((name) => (isDecimal(field) ? `(${quoteName(name)} ->> '$')` : quoteName(name)))
  const { name: ownName, hiddenName } = field
  const inWords = ownName.startsWith(ADDED) ? String(hiddenName) : ownName
  const text = columns.length === 1 ? String(columns[0]) : `coalesce(${columns.join(', ')})`
  const wrong = wrongType(field, text)
  return {
    name: field.name,
    faults: [
      ...(isDecimal(field) ? names.map(tooManyDigits) : []),
      ...columns.slice(1).map((column, i) => ({
        reason: `fields ${inWords} and ${names[i + 1]} disagree`,
        when: `${column} <> ${text}`,
      })),
      ...(wrong ? [{ reason: `wrong type in field ${inWords}`, when: wrong }] : []),
    ],
    value: value(field.type, text),
  }
}

function value(type: FieldType, text: string): string {
  if (type === 'text') return text
  return type === 'timestamp' ? timestampValue(text) : `TRY_CAST(${text} AS ${sqlType(type)})`
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
    case 'date':
      return `${text} IS NOT NULL AND (NOT regexp_full_match(${text}, '${DAY}') OR ${text} LIKE '0000%' OR ${cast} IS NULL)`
    case 'timestamp':
      return noTimestamp(text, shapes)
    default:
      return `${text} IS NOT NULL AND (NOT regexp_full_match(${text}, ${quoteText(decimalPattern(type))}) OR ${cast} IS NULL)`
  }
}

const DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}'

/** A cast alone would round what has too many digits after the point. */
function decimalPattern(type: string): string {
  const { scale } = decimalType(type) ?? { scale: 0 }
  return `-?(0|[1-9][0-9]*)([.]${scale > 0 ? `[0-9]{1,${scale}}` : ''}0*)?`
}

const DATES: Readonly<Record<TimestampShape, string>> = {
  'YYYY-MM-DD HH:MM:SS': '[0-9]{4}-[0-9]{2}-[0-9]{2} ',
  'YYYY-MM-DDTHH:MM:SS': '[0-9]{4}-[0-9]{2}-[0-9]{2}T',
  'YYYY:MM:DD HH:MM:SS': '[0-9]{4}:[0-9]{2}:[0-9]{2} ',
}

const TIME = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?'
const ZONE = '(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?'

/** Returns SQL for when a text is not a moment in one of these shapes. */
function noTimestamp(text: string, shapes: readonly TimestampShape[]): string {
  const pattern = `(${shapes.map((shape) => DATES[shape]).join('|')})${TIME}${ZONE}`
  // Days that no calendar has are left to the cast.
  const wrong = `${text} IS NOT NULL AND (NOT regexp_full_match(${text}, ${quoteText(pattern)}) OR ${text} LIKE '0000%' OR ${timestampValue(text)} IS NULL)`
  if (!shapes.includes('YYYY-MM-DD HH:MM:SS')) return wrong
  // Most are in the engine's own form, which it checks in half the time.
  const usual = `strlen(${text}) = 19 AND contains(${text}, ' ') AND ${text} = CAST(TRY_CAST(${text} AS TIMESTAMP) AS VARCHAR)`
  return `CASE WHEN ${usual} THEN false ELSE ${wrong} END`
}

/**
 * Returns SQL for the moment; NULL where the text is none. A cast alone would also take `epoch`, `infinity` and dates
 * before Christ.
 */
function timestampValue(text: string): string {
  const dashed = `CASE WHEN substr(${text}, 5, 1) = ':' THEN substr(${text}, 1, 4) || '-' || substr(${text}, 6, 2) || '-' || substr(${text}, 9) ELSE ${text} END`
  // A text of this length has no zone and does not need the slow cast with zones.
  const plain = `CASE WHEN strlen(${text}) = 19 THEN make_timestamptz(epoch_us(TRY_CAST(${text} AS TIMESTAMP))) END`
  return `coalesce(${plain}, TRY_CAST(${dashed} AS TIMESTAMPTZ))`
}
