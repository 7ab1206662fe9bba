/** The engine's tree of an expression, as far as it matters here. */
export interface Expression {
  readonly class: string
  readonly type: string
  readonly alias?: string
  /** Of `*`: what it leaves out, and `* REPLACE (value AS key)`. */
  readonly exclude_list?: readonly string[]
  readonly replace_list?: readonly { readonly key: string; readonly value: Expression }[]
  readonly [part: string]: unknown
}

export function nameOf(...names: readonly string[]): Expression {
  return { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: '', column_names: names }
}

/**
 * Returns a row of the expression, or NULL where it fails. The engine computes what a SELECT has twice before all else,
 * outside of the TRY, and leaves alone what a CASE may never come to.
 */
export function tryRow(expression: Expression, place: Expression): Expression {
  const hash = call('hash', [place])
  const never = { class: 'COMPARISON', type: 'COMPARE_EQUAL', alias: '', left: hash, right: constant('INTEGER', 0) }
  const row = call('row', [{ ...withoutErrorCalls(expression), alias: '' }])
  return operator('OPERATOR_TRY', caseOf(never, constant('NULL', null), row))
}

export function caseOf(when_expr: Expression, then_expr: Expression, else_expr: Expression): Expression {
  return { class: 'CASE', type: 'CASE_EXPR', alias: '', case_checks: [{ when_expr, then_expr }], else_expr }
}

export function firstOf(row: Expression): Expression {
  return call('struct_extract', [row, constant('INTEGER', 1)])
}

/** TRY takes no function that is said to give another result each time, as error() is: a cast fails as well. */
function withoutErrorCalls<T>(part: T): T {
  if (Array.isArray(part)) return part.map(withoutErrorCalls) as T
  if (typeof part !== 'object' || part === null) return part
  const { function_name, children } = part as { readonly function_name?: string; readonly children?: Expression[] }
  if (function_name !== 'error') {
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withoutErrorCalls(value)])) as T
  }
  const text = call('||', [constant('VARCHAR', 'no number: '), ...(children ?? [])])
  return cast(cast(text, 'INTEGER'), 'NULL') as T
}

export function operator(type: string, child: Expression): Expression {
  return { class: 'OPERATOR', type, alias: '', children: [child] }
}

export function call(function_name: string, children: readonly Expression[]): Expression {
  return { class: 'FUNCTION', type: 'FUNCTION', alias: '', function_name, children }
}

function cast(child: Expression, id: string): Expression {
  return { class: 'CAST', type: 'OPERATOR_CAST', alias: '', child, cast_type: { id, type_info: null }, try_cast: false }
}

export function constant(id: string, value: unknown): Expression {
  const typed = { type: { id, type_info: null }, is_null: value === null, ...(value !== null && { value }) }
  return { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias: '', value: typed }
}
