import { MillraceError } from '@millrace/base'
import { quoteName, quoteText } from '@millrace/engine'
import type { Metadata } from '../../log/actions.ts'
import { filledBySelf } from '../../log/layout.ts'
import { constraintsOf } from '../../log/properties.ts'
import { duckdbType, type StructField, schemaOf } from '../../log/schema.ts'
import { partitionExpression } from '../partitions.ts'
import { defaultValue, GENERATION, generatedValue, isGenerated } from './computed.ts'
import { constraintSql } from './constraints.ts'
import { fitted, lengthRule, tooLong } from './lengths.ts'
import { nullRule } from './nulls.ts'

/** SQL for a column of a query's rows, as the table stores it. `columns`: those that the query has, if not all. */
export function storedValue(field: StructField, metadata: Metadata, columns?: readonly string[]): string {
  const { name, type } = field
  const there = columns === undefined || columns.includes(name)
  const bySelf = there ? undefined : filledBySelf(field)
  if (bySelf !== undefined) return `CAST(${bySelf} AS ${duckdbType(type)})`
  const given = there ? givenValue(field, metadata) : defaultValue(field)
  if (!isGenerated(field)) return `CAST(${given} AS ${duckdbType(type)})`
  const made = generatedValue(field, metadata, (other) => storedValue(other, metadata, columns))
  return `CAST(coalesce(${there ? given : 'NULL'}, ${made ?? 'NULL'}) AS ${duckdbType(type)})`
}

/** SQL for a column of rows that are the table's already, as the table stores it. */
export function movedValue(field: StructField, metadata: Metadata): string {
  return `CAST(${givenValue(field, metadata)} AS ${duckdbType(field.type)})`
}

function givenValue({ name, type }: StructField, { partitionColumns }: Metadata): string {
  return partitionColumns.includes(name) ? partitionExpression(name, type) : quoteName(name)
}

/** A value that a row gives for a generated column must be the one that is computed; NULL counts as not given. */
function generatedRule(field: StructField, metadata: Metadata, columns: readonly string[] | undefined): RowRule[] {
  if (!isGenerated(field) || !(columns?.includes(field.name) ?? true)) return []
  const made = generatedValue(field, metadata, (other) => storedValue(other, metadata, columns))
  const given = movedValue(field, metadata)
  const expression = String(field.metadata[GENERATION])
  return [
    {
      broken: `${given} IS NOT NULL AND ${given} IS DISTINCT FROM CAST(${made ?? 'NULL'} AS ${duckdbType(field.type)})`,
      reason: `the table's column ${quoteName(field.name)} is generated as ${expression}, and the value is another`,
    },
  ]
}

/** A value that a row gives for the day or the hour of a time must be that of the row's time. */
function timePartRule(field: StructField, metadata: Metadata, columns: readonly string[] | undefined): RowRule[] {
  const made = filledBySelf(field)
  if (made === undefined || !columns?.includes(field.name)) return []
  return [
    {
      broken: `${movedValue(field, metadata)} IS DISTINCT FROM CAST(${made} AS ${duckdbType(field.type)})`,
      reason: `the table's column ${quoteName(field.name)} must be ${made}, in UTC`,
    },
  ]
}

/** A rule of a table: SQL that is true for a row that breaks it, and the words for what is broken. */
interface RowRule {
  readonly broken: string
  readonly reason: string
}

/**
 * Returns SQL over a query's rows: the reason why the table refuses a row, or NULL if it accepts it. Returns undefined
 * if the table accepts every row of its types. Rows are checked for NOT NULL, for the lengths of CHAR and VARCHAR, and
 * for the table's constraints, which must be true, not NULL.
 */
export function rowRefusal(metadata: Metadata, columns?: readonly string[]): string | undefined {
  const rules = rowRules(metadata, columns)
  if (rules.length === 0) return undefined
  return `CASE ${rules.map(({ broken, reason }) => `WHEN ${broken} THEN ${quoteText(reason)}`).join(' ')} END`
}

function rowRules(metadata: Metadata, columns: readonly string[] | undefined): RowRule[] {
  const { fields } = schemaOf(metadata)
  const value = (field: StructField) => storedValue(field, metadata, columns)
  const ofColumns = fields.flatMap((field): RowRule[] => {
    const name = quoteName(field.name)
    const [isNull, length] = [nullRule(value(field), field), lengthRule(field)]
    return [
      ...generatedRule(field, metadata, columns),
      ...timePartRule(field, metadata, columns),
      ...(isNull === undefined ? [] : [{ broken: isNull, reason: `the table's column ${name} must not be null` }]),
      ...(length
        ? [
            {
              broken: tooLong(value(field), length),
              reason: `the table's column ${name} is ${length.name}, and the value is longer`,
            },
          ]
        : []),
    ]
  })
  const stored = (field: StructField) => fitted(field, value(field))
  const ofTable = checksOf(metadata).flatMap(({ name, expression }): RowRule[] => {
    const sql = constraintSql(expression, fields, stored)
    // One that is not understood keeps the table from being written to at all.
    return sql === undefined
      ? []
      : [{ broken: `NOT coalesce(${sql}, false)`, reason: `the table's ${name} (${expression}) does not hold` }]
  })
  return [...ofColumns, ...ofTable]
}

interface Check {
  readonly name: string
  readonly expression: string
}

const INVARIANT = 'delta.invariants'

function checksOf(metadata: Metadata): Check[] {
  const constraints = constraintsOf(metadata.configuration)
  return [
    ...constraints.map(({ name, expression }) => ({ name: `constraint ${name}`, expression })),
    ...schemaOf(metadata).fields.flatMap((field) =>
      INVARIANT in field.metadata
        ? [{ name: `invariant of column ${field.name}`, expression: invariantOf(field.metadata[INVARIANT]) }]
        : [],
    ),
  ]
}

/** The text itself where it is none, which no rule then takes. */
function invariantOf(value: unknown): string {
  try {
    const { expression } = JSON.parse(String(value)) as { expression?: { expression?: unknown } }
    return typeof expression?.expression === 'string' ? expression.expression : String(value)
  } catch {
    return String(value)
  }
}

/** Names the constraints of the table that can't be checked here. */
export function uncheckedConstraints(metadata: Metadata): string[] {
  const { fields } = schemaOf(metadata)
  return checksOf(metadata)
    .filter(({ expression }) => constraintSql(expression, fields, () => 'NULL') === undefined)
    .map(({ name, expression }) => `${name} (${expression})`)
}

/** The marker that distinguishes a refusal from DuckDB's other errors. */
const ROW_REFUSED = 'millrace: ROW REFUSED: '

/** Returns the rows of a query, and fails at one that the table does not take. */
export function onlyTaken(query: string, refusal: string | undefined): string {
  if (refusal === undefined) return query
  return `SELECT * FROM (${query}) WHERE CASE WHEN ${refusal} IS NULL THEN true ELSE error(${quoteText(ROW_REFUSED)} || ${refusal}) END`
}

/** Returns the error of a row that the table does not take in words, and any other as it is. */
export function explainRefusal(error: unknown): unknown {
  const reason = error instanceof Error ? error.message.split(ROW_REFUSED)[1] : undefined
  if (reason === undefined) return error
  return new MillraceError('TABLE_SCHEMA', `a row is refused: ${reason}`, { cause: error })
}

/** Whether a row that its table does not take is why something failed. */
export function isRowRefusal(error: unknown): error is MillraceError {
  return (
    error instanceof MillraceError &&
    error.cause instanceof Error &&
    error.cause.message.includes(ROW_REFUSED.trimEnd())
  )
}
