import type { StructField, Value } from '@millrace/delta'
import type { Node } from './tree.ts'

/**
 * Returns a constant as a value for comparison with the column's statistics, or undefined if the comparison might differ
 * from DuckDB's. DuckDB casts both sides to a common type: text beside a number becomes a number, a long number beside
 * a DOUBLE is rounded. So only constants of the column's own kind are used.
 */
export function constantFor({ type }: StructField, node: Node): Value | undefined {
  const constant = literalOf(node)
  if (!constant || typeof type !== 'string') return undefined
  const { kind, value } = constant
  switch (type) {
    case 'byte':
    case 'short':
    case 'integer':
    case 'long':
      return kind === 'integer' ? value : undefined
    case 'double':
      return kind === 'integer' || kind === 'decimal' ? value : undefined
    case 'string':
      return kind === 'text' ? value : undefined
    case 'boolean':
      return kind === 'boolean' ? value : undefined
    case 'date':
    case 'timestamp':
    case 'timestamp_ntz':
      return kind === 'text' || kind === 'time' ? value : undefined
    default:
      return undefined
  }
}

interface Literal {
  readonly kind: 'integer' | 'decimal' | 'text' | 'boolean' | 'time'
  readonly value: Value
}

const DAY = /^\d{4}-\d\d-\d\d$/

function literalOf({ type, value, child, cast_type, try_cast }: Node): Literal | undefined {
  if (type === 'VALUE_CONSTANT') return plainLiteral(value as Node)
  if (type !== 'OPERATOR_CAST' || try_cast) return undefined
  const inner = literalOf(child as Node)
  if (inner?.kind !== 'text') return undefined
  const text = String(inner.value)
  switch ((cast_type as Node).id) {
    case 'BOOLEAN':
      return text === 't' || text === 'f' ? { kind: 'boolean', value: text === 't' } : undefined
    case 'DATE':
      return DAY.test(text) ? { kind: 'time', value: text } : undefined
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH TIME ZONE':
      return { kind: 'time', value: text }
    default:
      return undefined
  }
}

function plainLiteral({ type, is_null, value }: Node): Literal | undefined {
  const { id, type_info } = type as Node
  if (is_null) return undefined
  if (id === 'VARCHAR') return typeof value === 'string' ? { kind: 'text', value } : undefined
  if (typeof value !== 'number') return undefined
  if (id === 'INTEGER' || id === 'BIGINT') return { kind: 'integer', value }
  return id === 'DECIMAL' ? decimal(value, Number((type_info as Node).scale)) : undefined
}

/** Returns a decimal with few enough digits that every conversion gives the same double. */
function decimal(unscaled: number, scale: number): Literal | undefined {
  return Math.abs(unscaled) < 1e15 && scale <= 15 ? { kind: 'decimal', value: `${unscaled}e-${scale}` } : undefined
}
