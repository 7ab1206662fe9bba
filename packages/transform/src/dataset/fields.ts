import { quoteName, quoteText } from '@millrace/engine'

/** Ways in which a moment may be written. Without a zone it is UTC; an offset is honoured. */
export const TIMESTAMP_SHAPES = ['YYYY-MM-DD HH:MM:SS', 'YYYY-MM-DDTHH:MM:SS', 'YYYY:MM:DD HH:MM:SS'] as const

export type TimestampShape = (typeof TIMESTAMP_SHAPES)[number]

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
  // Most are as the engine itself would write them, which it knows in half the time.
  const usual = `strlen(${text}) = 19 AND contains(${text}, ' ') AND ${text} = CAST(TRY_CAST(${text} AS TIMESTAMP) AS VARCHAR)`
  return `CASE WHEN ${usual} THEN false ELSE ${wrong} END`
}

/** Returns SQL for the moment; NULL where the text is none. A cast alone would also take `epoch`, `infinity` and dates before Christ. */
function timestampValue(text: string): string {
  const dashed = `CASE WHEN substr(${text}, 5, 1) = ':' THEN substr(${text}, 1, 4) || '-' || substr(${text}, 6, 2) || '-' || substr(${text}, 9) ELSE ${text} END`
  // Of this length it has no zone, so that the slow cast, which knows zones, is not needed.
  const plain = `CASE WHEN strlen(${text}) = 19 THEN make_timestamptz(epoch_us(TRY_CAST(${text} AS TIMESTAMP))) END`
  return `coalesce(${plain}, TRY_CAST(${dashed} AS TIMESTAMPTZ))`
}
