import type { Predicate, StructField, Value } from '@millrace/delta'
import { constantFor } from './constants.ts'
import { keyOf, type NamedTable, tableOf } from './tables.ts'
import { isOpenFunction, type Node, nodesOf, ownNames, partsOf } from './tree.ts'

/**
 * Returns a predicate for the rows that the SELECTs need of the table, or undefined for all rows. Files without such
 * rows are not opened. SQL that is not understood here needs all rows, which costs time but never loses a row.
 */
export function neededRows(tree: Node, table: NamedTable, fields: readonly StructField[]): Predicate | undefined {
  const parts = [...partsOf(tree)]
  if (table.schema === '' && ownNames(tree).has(table.name.toLowerCase())) return undefined
  if (parts.some(isOpenFunction)) return undefined
  const isTable = (node: Node) => node.type === 'BASE_TABLE' && keyOf(tableOf(node)) === keyOf(table)
  const places = parts.filter(isTable)
  const wheres = new Map(parts.flatMap((part) => wheresOf(part, isTable, fields)))
  const needed = places.map((place) => wheres.get(place))
  return needed.every((where) => where !== undefined) ? joined('or', needed) : undefined
}

/** Returns the predicate for each reference to the table in a SELECT. */
function wheresOf(part: Node, isTable: (node: Node) => boolean, fields: readonly StructField[]): [Node, Predicate][] {
  const { type, from_table, where_clause, sample } = part
  if (type !== 'SELECT_NODE' || !from_table || !where_clause || sample) return []
  const joinedTables = leavesOf(from_table as Node)
  return joinedTables.filter(isTable).flatMap((table) => {
    if (table.sample || nodesOf(table.column_name_alias).length > 0) return []
    const alias = nameOf(table)
    const isOne = joinedTables.filter((other) => nameOf(other) === alias).length === 1
    const known = fields.some(({ name }) => name.toLowerCase() === alias) || !isOne ? [] : fields
    const where = predicateOf(where_clause as Node, alias, known)
    return where ? [[table, where] as [Node, Predicate]] : []
  })
}

/**
 * Returns the tables of a FROM clause that has only inner joins. In any other join, a row that WHERE rejects may still
 * affect the result, so the list is empty.
 */
function leavesOf(from: Node): Node[] {
  if (from.type !== 'JOIN') return [from]
  const isInner = from.join_type === 'INNER' && (from.ref_type === 'REGULAR' || from.ref_type === 'CROSS')
  return isInner ? [from.left, from.right].flatMap((side) => leavesOf(side as Node)) : []
}

function nameOf({ alias, table_name }: Node): string {
  return String(alias || table_name).toLowerCase()
}

/** Returns what the condition implies for the table's own columns. */
function predicateOf(node: Node, alias: string, fields: readonly StructField[]): Predicate | undefined {
  const parts = () => nodesOf(node.children).map((child) => predicateOf(child, alias, fields))
  const column = (part: unknown) => columnOf(part as Node, alias, fields)
  switch (node.type) {
    case 'CONJUNCTION_AND':
      return joined(
        'and',
        parts().filter((part) => part !== undefined),
      )
    case 'CONJUNCTION_OR': {
      const either = parts()
      return either.every((part) => part !== undefined) ? joined('or', either) : undefined
    }
    case 'COMPARE_IN':
      return among(node, column)
    case 'COMPARE_BETWEEN':
      return between(node, column)
    case 'OPERATOR_IS_NULL':
    case 'OPERATOR_IS_NOT_NULL': {
      const field = column(nodesOf(node.children)[0])
      return field && { op: node.type === 'OPERATOR_IS_NULL' ? 'is null' : 'is not null', column: field.name }
    }
    default:
      return comparison(node, column)
  }
}

const COMPARISONS = {
  COMPARE_EQUAL: ['=', '='],
  COMPARE_NOTEQUAL: ['<>', '<>'],
  COMPARE_LESSTHAN: ['<', '>'],
  COMPARE_LESSTHANOREQUALTO: ['<=', '>='],
  COMPARE_GREATERTHAN: ['>', '<'],
  COMPARE_GREATERTHANOREQUALTO: ['>=', '<='],
} as const

type ColumnOf = (part: unknown) => StructField | undefined

function comparison({ type, left, right }: Node, column: ColumnOf): Predicate | undefined {
  const ops = COMPARISONS[type as keyof typeof COMPARISONS]
  if (!ops) return undefined
  const [before, after] = [column(left), column(right)]
  const field = before ?? after
  const value = field && constantFor(field, (before ? right : left) as Node)
  return field && value !== undefined ? { op: before ? ops[0] : ops[1], column: field.name, value } : undefined
}

function among({ children }: Node, column: ColumnOf): Predicate | undefined {
  const [input, ...items] = nodesOf(children)
  const field = column(input)
  const values = field ? items.map((item) => constantFor(field, item)) : []
  return field && values.every((value): value is Value => value !== undefined)
    ? { op: 'in', column: field.name, values }
    : undefined
}

function between({ input, lower, upper }: Node, column: ColumnOf): Predicate | undefined {
  const field = column(input)
  const [least, most] = field ? [lower, upper].map((bound) => constantFor(field, bound as Node)) : []
  if (!field || least === undefined || most === undefined) return undefined
  const at = { column: field.name }
  return joined('and', [
    { op: '>=', ...at, value: least },
    { op: '<=', ...at, value: most },
  ])
}

/** Returns the table's column that a reference means, with or without the table's alias before it. */
function columnOf(node: Node | undefined, alias: string, fields: readonly StructField[]): StructField | undefined {
  if (node?.type !== 'COLUMN_REF') return undefined
  const names = (node.column_names as readonly string[]).map((name) => name.toLowerCase())
  const own = names.length === 2 && names[0] === alias ? names.slice(1) : names
  return own.length === 1 ? fields.find(({ name }) => name.toLowerCase() === own[0]) : undefined
}

function joined(op: 'and' | 'or', of: readonly Predicate[]): Predicate | undefined {
  return of.length > 1 ? { op, of } : of[0]
}
