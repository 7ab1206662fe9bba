import { type DuckDBType, DuckDBTypeId, type Json } from '@duckdb/node-api'

const WHOLE_NUMBERS: readonly DuckDBTypeId[] = [
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
]

/** A value as JSON readers expect it: whole numbers as numbers while those are exact, times in ISO 8601. */
export function jsonValue(value: Json, type: DuckDBType): Json {
  if (typeof value !== 'string') return value
  if (WHOLE_NUMBERS.includes(type.typeId)) return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (type.typeId === DuckDBTypeId.TIMESTAMP_TZ) return value.replace(' ', 'T').replace(/\+00$/, 'Z')
  if (type.typeId === DuckDBTypeId.TIMESTAMP) return value.replace(' ', 'T')
  return value
}
