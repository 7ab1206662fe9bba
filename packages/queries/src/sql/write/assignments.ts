import { MillraceError } from '@millrace/base'
import type { Cursor } from './cursor.ts'

/** Text of a statement. */
export type Sql = string

export interface Assignment {
  readonly column: string
  readonly value: Sql
}

/** Reads `a = 1, (b, c) = (2, 3)` up to one of the words. */
export function assignmentsOf(cursor: Cursor, ...ends: readonly string[]): Assignment[] {
  const set: Assignment[] = []
  do {
    if (cursor.peek() === '(') {
      const columns = cursor.names()
      cursor.expect('=')
      const values = cursor.list()
      if (values.length !== columns.length) refusePart('SET of several columns by one query')
      set.push(...columns.map((column, i) => ({ column, value: assignedValue(values[i] as string) })))
    } else {
      const column = cursor.name().name
      cursor.expect('=')
      set.push({ column, value: assignedValue(cursor.until(',', ...ends)) })
    }
  } while (cursor.take(','))
  return set
}

/** Assigned in place of a value: the column's own. */
export const DEFAULT = 'DEFAULT'

export function assignedValue(sql: Sql): Sql {
  return /^\s*default\s*$/i.test(sql) ? DEFAULT : sql
}

/** Refuses a part of a statement that is not taken for tables of a lake. */
export function refusePart(part: string): never {
  throw new MillraceError('QUERY_FAILED', `tables of a lake do not take this part of the statement: ${part}`, {
    next: 'Leave it out. For upserts write MERGE INTO … USING … ON … WHEN ….',
  })
}
