import {
  ACTION,
  defaultValue,
  duckdbType,
  FILE,
  isGenerated,
  ROW,
  type RowAction,
  type StructField,
  TARGET,
} from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import { type Assignment, DEFAULT, type Sql } from './assignments.ts'
import type { MergeAction, MergeClause } from './merge-clauses.ts'
import type { Write } from './parse.ts'

/** The temporary table with the rows of a MERGE's source, in which SOURCE_ROW tells that there is a row. */
export const [SOURCE, SOURCE_ROW] = ['millrace_source', 'millrace_source_row']

/** A statement as the SELECT of what it does. */
export interface Rendered {
  readonly sql: Sql
  readonly actions: readonly RowAction[]
  /** The table's columns that the SELECT has. */
  readonly columns: readonly string[]
  /** A SELECT of the rows that may be changed, by whose WHERE files can be left out; undefined: any may be. */
  readonly reads: Sql | undefined
}

/** What MERGE knows of its source. */
export interface SourceShape {
  readonly alias: Sql
  readonly columns: readonly string[]
}

export function render(write: Write, fields: readonly StructField[], source: SourceShape | undefined): Rendered {
  switch (write.kind) {
    case 'delete': {
      const rows = fromRows(write, write.using, write.where)
      const sql = `${write.prefix} SELECT 'delete' AS ${ACTION}, ${places(write)} FROM ${rows}`
      return { sql, actions: ['delete'], columns: [], reads: sql }
    }
    case 'update': {
      const values = fields.map((field) => typed(assigned(field, write.set, ownValue(write, field)), field))
      const rows = fromRows(write, write.from, write.where)
      const sql = `${write.prefix} SELECT 'update' AS ${ACTION}, ${[places(write), ...values].join(', ')} FROM ${rows}`
      return { sql, actions: ['update'], columns: fields.map(({ name }) => name), reads: sql }
    }
    case 'insert':
      return renderInsert(write, fields)
    default:
      return renderMerge(write, fields, source as SourceShape)
  }
}

function places({ alias }: Write): Sql {
  return `${alias}.${FILE}, ${alias}.${ROW}`
}

function fromRows({ alias }: Write, others: Sql | undefined, where: Sql | undefined): Sql {
  const from = others === undefined ? '' : `, ${others}\n`
  return `${TARGET} AS ${alias}${from}${where === undefined ? '' : ` WHERE (${where}\n)`}`
}

/** What a row keeps that is updated: what is made of other columns is made again. */
function ownValue({ alias }: Write, field: StructField): Sql {
  return isGenerated(field) ? 'NULL' : `${alias}.${quoteName(field.name)}`
}

function typed(value: Sql, { name, type }: StructField): Sql {
  return `CAST(${value} AS ${duckdbType(type)}) AS ${quoteName(name)}`
}

function assigned(field: StructField, set: readonly Assignment[], otherwise: Sql): Sql {
  const assignment = set.find(({ column }) => isSame(column, field.name))
  return assignment ? sqlOf(assignment.value, field) : otherwise
}

function sqlOf(value: Sql, field: StructField): Sql {
  return value === DEFAULT ? defaultValue(field) : `(${value}\n)`
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function renderInsert(write: Write & { kind: 'insert' }, fields: readonly StructField[]): Rendered {
  const { columns, query } = write
  const listed = Array.isArray(columns) ? (columns as readonly string[]) : undefined
  const wanted = listed ? listed.flatMap((column) => fields.filter(({ name }) => isSame(column, name))) : fields
  const names = wanted.map(({ name }) => quoteName(name))
  const rows =
    columns === 'by name'
      ? `(SELECT * FROM (SELECT ${names.map((name) => `NULL AS ${name}`).join(', ')}) WHERE false UNION ALL BY NAME (${query}\n))`
      : `(${query}\n) AS millrace_rows(${names.join(', ')})`
  const values = wanted.map((field) => typed(quoteName(field.name), field))
  const sql = `SELECT 'insert' AS ${ACTION}, NULL::BIGINT AS ${FILE}, NULL::BIGINT AS ${ROW}, ${values.join(', ')} FROM ${rows}`
  return { sql, actions: ['insert'], columns: wanted.map(({ name }) => name), reads: undefined }
}

function renderMerge(write: Write & { kind: 'merge' }, fields: readonly StructField[], source: SourceShape): Rendered {
  const { alias, clauses, on, prefix } = write
  const keepsTarget = clauses.some(({ matching }) => matching === 'not matched by source')
  const keepsSource = clauses.some(({ matching }) => matching === 'not matched by target')
  const join = keepsTarget ? (keepsSource ? 'FULL' : 'LEFT') : keepsSource ? 'RIGHT' : 'INNER'
  const condition = 'using' in on ? `USING (${on.using.map(quoteName).join(', ')})` : `ON (${on.condition}\n)`
  const meets = clauses.map((clause) => meetsOf(clause, alias, source.alias))
  const chosen = (of: (clause: MergeClause, place: number) => Sql) =>
    `CASE ${clauses.map((clause, i) => `WHEN ${meets[i]} THEN ${of(clause, i)}`).join(' ')} END`
  const values = fields.map((field) =>
    typed(
      chosen(({ action }) => mergeValue(action, field, fields, write, source)),
      field,
    ),
  )
  const actions = [...new Set(clauses.flatMap(({ action: { kind } }) => (kind === 'nothing' ? [] : [kind])))]
  const hasRows = actions.some((kind) => kind !== 'delete')
  const action = chosen(({ action: { kind } }) => (kind === 'nothing' ? 'NULL' : `'${kind}'`))
  const selected = [`${action} AS ${ACTION}`, places(write), ...(hasRows ? values : [])]
  const from = `${TARGET} AS ${alias} ${join} JOIN ${SOURCE} AS ${source.alias} ${condition}`
  const both = `SELECT 1 FROM ${TARGET} AS ${alias}, ${SOURCE} AS ${source.alias}`
  return {
    sql: `SELECT * FROM (${prefix} SELECT ${selected.join(', ')} FROM ${from}) WHERE ${ACTION} IS NOT NULL`,
    actions,
    columns: hasRows ? fields.map(({ name }) => name) : [],
    reads: keepsTarget ? undefined : 'condition' in on ? `${both} WHERE (${on.condition}\n)` : both,
  }
}

function meetsOf({ matching, condition }: MergeClause, target: Sql, source: Sql): Sql {
  const [there, here] = [`${target}.${FILE}`, `${source}.${SOURCE_ROW}`]
  const sides = {
    matched: `${there} IS NOT NULL AND ${here} IS NOT NULL`,
    'not matched by target': `${there} IS NULL`,
    'not matched by source': `${here} IS NULL`,
  }
  return condition === undefined ? sides[matching] : `${sides[matching]} AND (${condition}\n)`
}

function mergeValue(
  action: MergeAction,
  field: StructField,
  fields: readonly StructField[],
  write: Write,
  source: SourceShape,
): Sql {
  const ofSource = source.columns.find((column) => isSame(column, field.name))
  const named = ofSource === undefined ? undefined : `${source.alias}.${quoteName(ofSource)}`
  switch (action.kind) {
    case 'update':
      if (action.set === 'by name') return named ?? ownValue(write, field)
      return assigned(field, action.set, ownValue(write, field))
    case 'insert': {
      if (action.values === 'by name') return named ?? defaultValue(field)
      const columns = action.columns ?? fields.map(({ name }) => name)
      const value = action.values[columns.findIndex((column) => isSame(column, field.name))]
      return value === undefined ? defaultValue(field) : sqlOf(value, field)
    }
    default:
      return 'NULL'
  }
}
