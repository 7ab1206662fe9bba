import { type Assignment, assignedValue, assignmentsOf, refusePart, type Sql } from './assignments.ts'
import type { Cursor } from './cursor.ts'

/** Which rows a clause of MERGE is for. */
export type Matching = 'matched' | 'not matched by target' | 'not matched by source'

export interface MergeClause {
  readonly matching: Matching
  readonly condition: Sql | undefined
  readonly action: MergeAction
}

export type MergeAction =
  | { readonly kind: 'delete' | 'nothing' }
  /** `by name`: the columns that source and table both have. */
  | { readonly kind: 'update'; readonly set: readonly Assignment[] | 'by name' }
  | {
      readonly kind: 'insert'
      readonly columns: readonly string[] | undefined
      readonly values: readonly Sql[] | 'by name'
    }

export function mergeClauses(cursor: Cursor): MergeClause[] {
  const clauses: MergeClause[] = []
  while (cursor.take('WHEN')) {
    const matching = matchingOf(cursor)
    const condition = cursor.take('AND') ? cursor.until('THEN') : undefined
    cursor.expect('THEN')
    clauses.push({ matching, condition, action: actionOf(cursor) })
  }
  return clauses
}

function matchingOf(cursor: Cursor): Matching {
  const not = cursor.take('NOT')
  cursor.expect('MATCHED')
  if (!not) return 'matched'
  if (!cursor.take('BY')) return 'not matched by target'
  if (cursor.take('SOURCE')) return 'not matched by source'
  cursor.expect('TARGET')
  return 'not matched by target'
}

function actionOf(cursor: Cursor): MergeAction {
  if (cursor.take('DELETE')) return { kind: 'delete' }
  if (cursor.take('DO')) {
    cursor.expect('NOTHING')
    return { kind: 'nothing' }
  }
  if (cursor.take('UPDATE')) return { kind: 'update', set: updateOf(cursor) }
  if (cursor.take('INSERT')) return insertOf(cursor)
  return refusePart(cursor.rest())
}

function updateOf(cursor: Cursor): readonly Assignment[] | 'by name' {
  if (isByName(cursor)) return 'by name'
  if (!cursor.take('SET')) return refusePart('UPDATE by position')
  return cursor.take('*') ? 'by name' : assignmentsOf(cursor, 'WHEN', 'RETURNING')
}

function insertOf(cursor: Cursor): MergeAction {
  if (cursor.take('*') || isByName(cursor)) return { kind: 'insert', columns: undefined, values: 'by name' }
  const columns = cursor.peek() === '(' ? cursor.names() : undefined
  if (!cursor.take('VALUES')) return refusePart('INSERT by position')
  return { kind: 'insert', columns, values: cursor.list().map(assignedValue) }
}

function isByName(cursor: Cursor): boolean {
  if (!cursor.take('BY')) return false
  if (cursor.take('NAME')) return true
  return refusePart('BY POSITION')
}
