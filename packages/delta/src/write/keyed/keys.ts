import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName } from '@millrace/engine'
import type { Predicate } from '../../read/predicate.ts'

/** Returns SQL that is true where rows of `a` and `b` have the same key. */
export function sameKey(key: readonly string[], a: string, b: string): string {
  return key.map((name) => `${a}.${quoteName(name)} = ${b}.${quoteName(name)}`).join(' AND ')
}

/** Returns the least and the greatest value of each column of the key as a predicate. */
export async function keyRange(key: readonly string[], keys: string, connection: DuckDBConnection): Promise<Predicate> {
  const bounds = key.flatMap((name) => ['min', 'max'].map((side) => `CAST(${side}(${quoteName(name)}) AS VARCHAR)`))
  const [row = []] = (await connection.runAndReadAll(`SELECT ${bounds.join(', ')} FROM ${keys}`)).getRows()
  const of = key.flatMap((column, i): Predicate[] => {
    const [least, greatest] = [row[2 * i], row[2 * i + 1]]
    if (least === null || greatest === null) return []
    return [
      { op: '>=', column, value: String(least) },
      { op: '<=', column, value: String(greatest) },
    ]
  })
  return { op: 'and', of }
}

/** Returns SQL that is true for a tombstone of all keys, which were deleted at once. */
export function isOfAllKeys(key: readonly string[]): string {
  return key.map((name) => `${quoteName(name)} IS NULL`).join(' AND ')
}

/** Returns a predicate on the tombstones of some keys that also selects those of all keys. */
export function orOfAllKeys(where: Predicate, key: readonly string[]): Predicate {
  const none = key.map((column): Predicate => ({ op: 'is null', column }))
  return { op: 'or', of: [where, { op: 'and', of: none }] }
}
