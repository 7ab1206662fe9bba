import { NOTE } from '@millrace/engine'
import { call, caseOf, constant, type Expression, firstOf, nameOf, operator, tryRow } from './expressions.ts'
import type { Query, Select } from './select-tree.ts'

/** Where each record's own subquery finds its place, at any depth. */
export const PLACE_OF_MESSAGE = ['message', 'millrace_place'] as const

/** The place again, in a SELECT with aggregates, whose arguments can't refer to what is outside of it. */
const HERE = 'millrace_here'

/** The element of a list of one, in which what TRY can't hold is computed before it. */
const HELD = 'millrace_held'

type Aggregates = ReadonlySet<string>

/** How expressions of one SELECT are marked. */
interface Scope {
  readonly aggregates: Aggregates
  readonly place: Expression
  /** Whether a SELECT makes one row of several: then what stands beside an aggregate is a key, and stays as it is. */
  readonly isGrouped: boolean
}

/** Returns the SELECT in which each expression, at any depth, has NULL for an error and notes the record's place. */
export function markSubqueries(select: Select, aggregates: Aggregates): Select {
  const node = (inner: Select) => markSubqueries(inner, aggregates)
  const { left, right } = select as { readonly left?: Select; readonly right?: Select }
  const ctes = { cte_map: { map: select.cte_map.map.map((cte) => ({ ...cte, value: inQuery(cte.value, node) })) } }
  if (select.type === 'SET_OPERATION_NODE' && left && right) {
    return { ...select, ...ctes, left: node(left), right: node(right) }
  }
  if (select.type !== 'SELECT_NODE') throw new Error(`${select.type} is not marked`)
  const groups = select.group_expressions as readonly Expression[]
  const computed = [...select.select_list, select.having]
  const isGrouped = groups.length > 0 || holes(computed, aggregates).some((hole) => isAggregate(hole, aggregates))
  const message = placeIn(select.from_table) ?? nameOf(...PLACE_OF_MESSAGE)
  const scope: Scope = { aggregates, isGrouped, place: isGrouped ? nameOf(HERE) : message }
  const rows: Scope = { ...scope, isGrouped: false }
  const clause = (name: string, of: Scope) => {
    const given = select[name] as Expression | null
    return given && { [name]: marked(given, of) }
  }
  const from_table = inTable(select.from_table, { ...rows, place: message })
  return {
    ...select,
    ...ctes,
    select_list: select.select_list.map((column) => ({ ...marked(column, scope), alias: column.alias ?? '' })),
    from_table: isGrouped ? besidePlace(from_table) : from_table,
    ...clause('where_clause', rows),
    ...clause('having', scope),
    ...clause('qualify', scope),
  }
}

function inQuery<T extends { readonly query: Query }>(value: T, node: (select: Select) => Select): T {
  return { ...value, query: { ...value.query, node: node(value.query.node) } }
}

type Table = Select['from_table']

type Joined = Table & { readonly left?: Table; readonly right?: Table; readonly condition?: Expression }

function inTable(table: Table, scope: Scope): Table {
  const { subquery, left, right, condition } = table as Joined
  if (subquery) return { ...table, subquery: { ...subquery, node: markSubqueries(subquery.node, scope.aggregates) } }
  if (!left || !right) return table
  const sides = { left: inTable(left, scope), right: inTable(right, scope) }
  return { ...table, ...sides, ...(condition && { condition: marked(condition, scope) }) } as Table
}

/** Returns the place as a column of `raw`, where the SELECT is from it: an outer join takes no other. */
function placeIn(table: Table): Expression | undefined {
  const { type, table_name, alias, left, right } = table as Joined & {
    readonly table_name?: string
    readonly alias: string
  }
  if (type === 'BASE_TABLE') return table_name === 'raw' ? nameOf(alias || 'raw', PLACE_OF_MESSAGE[1]) : undefined
  return left && right && (placeIn(left) ?? placeIn(right))
}

/** Returns the table with the place of the record beside each row. */
function besidePlace(table: Table): Table {
  const common = { type: 'SELECT_NODE', modifiers: [], cte_map: { map: [] }, group_expressions: [], group_sets: [] }
  const none = { where_clause: null, having: null, sample: null, qualify: null }
  const empty = { type: 'EMPTY', alias: '', sample: null }
  const select_list = [{ ...nameOf(...PLACE_OF_MESSAGE), alias: HERE }]
  const node = { ...common, ...none, select_list, from_table: empty, aggregate_handling: 'STANDARD_HANDLING' }
  const subquery = { node, named_param_map: [] }
  const place = { type: 'SUBQUERY', alias: 'millrace_place', sample: null, subquery, column_name_alias: [] }
  if (table.type === 'EMPTY') return place as unknown as Table
  const join = { type: 'JOIN', alias: '', sample: null, left: place, right: table, condition: null }
  const kind = { join_type: 'INNER', ref_type: 'CROSS', using_columns: [], delim_flipped: false }
  return { ...join, ...kind, duplicate_eliminated_columns: [] } as unknown as Table
}

function marked(expression: Expression, scope: Scope): Expression {
  if (expression.class === 'COLUMN_REF' || expression.class === 'CONSTANT') return expression
  if (expression.class === 'STAR') {
    const replaced = (expression.replace_list ?? []).map(({ key, value }) => ({ key, value: marked(value, scope) }))
    return { ...expression, replace_list: replaced }
  }
  const held = holes(expression, scope.aggregates)
  if (held.length === 0) return scope.isGrouped ? expression : noted(expression, scope.place)
  const [only] = held
  if (only === expression) return inHole(only, scope)
  if (held.some(isUnnest)) return replaced(expression, new Map(held.map((hole) => [hole, inHole(hole, scope)])))
  const place = scope.isGrouped ? call('any_value', [scope.place]) : scope.place
  const member = (index: number) => call('struct_extract', [nameOf(HELD), constant('INTEGER', index + 1)])
  const outside = replaced(expression, new Map(held.map((hole, i) => [hole, member(i)])))
  const row = call('row', [...held.map((hole) => ({ ...inHole(hole, scope), alias: '' })), place])
  const expr = noted(outside, member(held.length))
  const lambda = { class: 'LAMBDA', type: 'LAMBDA', alias: '', lhs: nameOf(HELD), expr }
  return call('array_extract', [call('list_transform', [call('list_value', [row]), lambda]), constant('INTEGER', 1)])
}

/** Returns the expression with NULL for an error, which is noted. */
function noted(expression: Expression, place: Expression): Expression {
  const row = tryRow(expression, place)
  const nothing = caseOf(call(NOTE, [place]), constant('NULL', null), constant('NULL', null))
  return caseOf(operator('OPERATOR_IS_NULL', row), nothing, firstOf(row))
}

/** Marks what is inside of an expression that TRY can't hold. */
function inHole(hole: Expression, scope: Scope): Expression {
  const rows: Scope = { ...scope, isGrouped: false }
  const { children, subquery, child, filter } = hole as {
    readonly children?: readonly Expression[]
    readonly subquery?: Query
    readonly child?: Expression
    readonly filter?: Expression
  }
  return {
    ...hole,
    ...(children && { children: children.map((each) => marked(each, rows)) }),
    ...(subquery && { subquery: { ...subquery, node: markSubqueries(subquery.node, scope.aggregates) } }),
    ...(child && { child: marked(child, scope) }),
    ...(filter && { filter: marked(filter, rows) }),
  }
}

/** Returns the outermost parts of an expression that TRY can't hold: subqueries, aggregates, windows, `unnest`. */
function holes(part: unknown, aggregates: Aggregates): Expression[] {
  if (Array.isArray(part)) return part.flatMap((each) => holes(each, aggregates))
  if (typeof part !== 'object' || part === null) return []
  const expression = part as Expression
  if (
    ['SUBQUERY', 'WINDOW'].includes(expression.class) ||
    isAggregate(expression, aggregates) ||
    isUnnest(expression)
  ) {
    return [expression]
  }
  return Object.values(part).flatMap((each) => holes(each, aggregates))
}

function isAggregate({ class: kind, function_name }: Expression, aggregates: Aggregates): boolean {
  return kind === 'FUNCTION' && aggregates.has(String(function_name).toLowerCase())
}

function isUnnest({ class: kind, function_name }: Expression): boolean {
  return kind === 'FUNCTION' && String(function_name).toLowerCase() === 'unnest'
}

function replaced<T>(part: T, by: ReadonlyMap<unknown, Expression>): T {
  const other = by.get(part)
  if (other) return other as T
  if (Array.isArray(part)) return part.map((each) => replaced(each, by)) as T
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, replaced(value, by)])) as T
}
