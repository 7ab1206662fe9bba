import { type NamedTable, schemaOf } from '../tables.ts'
import { type Assignment, assignmentsOf, refusePart, type Sql } from './assignments.ts'
import { type Cursor, cursorOf } from './cursor.ts'
import { type MergeClause, mergeClauses } from './merge-clauses.ts'

interface Into {
  readonly table: NamedTable
  /** What the statement calls the table's rows, as SQL has it. */
  readonly alias: Sql
  /** WITH and its queries, or nothing. */
  readonly prefix: Sql
}

/** A statement that changes rows of a table, taken apart. Its expressions stay text. */
export type Write =
  | (Into & { readonly kind: 'delete'; readonly using: Sql | undefined; readonly where: Sql | undefined })
  | (Into & {
      readonly kind: 'update'
      readonly set: readonly Assignment[]
      readonly from: Sql | undefined
      readonly where: Sql | undefined
    })
  | (Into & {
      readonly kind: 'insert'
      /** As written; `by name`: as the query calls them; undefined: all, in the table's order. */
      readonly columns: readonly string[] | 'by name' | undefined
      readonly query: Sql
    })
  | (Into & {
      readonly kind: 'merge'
      readonly source: Sql
      readonly on: { readonly condition: Sql } | { readonly using: readonly string[] }
      readonly clauses: readonly MergeClause[]
    })

export interface Parsed {
  readonly write: Write
  /** Whether it is only to be explained. */
  readonly explained: boolean
}

const KINDS = ['DELETE', 'UPDATE', 'INSERT', 'MERGE', 'TRUNCATE'] as const

/** Takes a statement apart that changes rows; undefined for any other. DuckDB's parser must have taken it. */
export function parseWrite(sql: string): Parsed | undefined {
  const cursor = cursorOf(sql)
  const explained = cursor.take('EXPLAIN')
  const start = cursor.place()
  if (cursor.peek() === 'WITH' && !cursor.skipTo(...KINDS)) return undefined
  const prefix = cursor.textFrom(start)
  const kind = KINDS.find((word) => cursor.take(word))
  if (kind === undefined) return undefined
  const write = parsers[kind](cursor, prefix)
  cursor.take(';')
  if (cursor.peek() !== undefined) refusePart(cursor.rest())
  return { write, explained }
}

const parsers: Readonly<Record<(typeof KINDS)[number], (cursor: Cursor, prefix: Sql) => Write>> = {
  DELETE(cursor, prefix) {
    cursor.expect('FROM')
    const into = intoOf(cursor, prefix, ['USING', 'WHERE', 'RETURNING'])
    const using = cursor.take('USING') ? cursor.until('WHERE', 'RETURNING') : undefined
    return { ...into, kind: 'delete', using, where: whereOf(cursor) }
  },
  TRUNCATE(cursor, prefix) {
    cursor.take('TABLE')
    return { ...intoOf(cursor, prefix, []), kind: 'delete', using: undefined, where: undefined }
  },
  UPDATE(cursor, prefix) {
    const into = intoOf(cursor, prefix, ['SET'])
    cursor.expect('SET')
    const set = assignmentsOf(cursor, 'FROM', 'WHERE', 'RETURNING')
    const from = cursor.take('FROM') ? cursor.until('WHERE', 'RETURNING') : undefined
    return { ...into, kind: 'update', set, from, where: whereOf(cursor) }
  },
  INSERT(cursor, prefix) {
    if (cursor.peek() === 'OR') refusePart('INSERT OR …')
    cursor.expect('INTO')
    const into = intoOf(cursor, '', ['BY', 'VALUES', 'SELECT', 'FROM', 'WITH', 'DEFAULT', 'TABLE', 'VALUES', 'PIVOT'])
    const isList = cursor.peek() === '(' && !['SELECT', 'FROM', 'WITH', 'VALUES', '('].includes(cursor.peek(1) ?? '')
    const listed = isList ? cursor.names() : undefined
    const byName = cursor.take('BY') && cursor.take('NAME')
    if (!byName && cursor.before() === 'BY') cursor.expect('POSITION')
    if (cursor.peek() === 'DEFAULT') refusePart('DEFAULT VALUES')
    const query = cursor.until('ON CONFLICT', 'RETURNING')
    return {
      ...into,
      kind: 'insert',
      columns: byName ? 'by name' : listed,
      query: (prefix && `${prefix} SELECT * FROM (${query}\n)`) || query,
    }
  },
  MERGE(cursor, prefix) {
    cursor.expect('INTO')
    const into = intoOf(cursor, prefix, ['USING'])
    cursor.expect('USING')
    const source = cursor.until('ON', 'USING')
    return { ...into, kind: 'merge', source, on: onOf(cursor), clauses: mergeClauses(cursor) }
  },
}

function onOf(cursor: Cursor): { readonly using: readonly string[] } | { readonly condition: Sql } {
  if (cursor.take('USING')) return { using: cursor.names() }
  cursor.expect('ON')
  return { condition: cursor.until('WHEN') }
}

function whereOf(cursor: Cursor): Sql | undefined {
  return cursor.take('WHERE') ? cursor.until('RETURNING') : undefined
}

/** Reads the table's name, and its alias unless one of the words comes first. */
function intoOf(cursor: Cursor, prefix: Sql, next: readonly string[]): Into {
  const names = cursor.path()
  const [name = '', schema = ''] = names.toReversed()
  const table = { schema: schemaOf(schema), name, viewName: name }
  const hasAlias =
    cursor.take('AS') ||
    !(next.length === 0 || cursor.ends() || cursor.peek() === '(' || next.includes(cursor.peek() ?? ''))
  return { table, prefix, alias: hasAlias ? cursor.name().written : `"${name.replaceAll('"', '""')}"` }
}
