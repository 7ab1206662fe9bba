import { type DuckDBType, DuckDBTypeId, type Json } from '@duckdb/node-api'

const WHOLE_NUMBERS: readonly DuckDBTypeId[] = [
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
]

/** Converts a value for JSON: whole numbers become numbers if that is exact, times become ISO 8601. */
export function jsonValue(value: Json, type: DuckDBType): Json {
  if (typeof value !== 'string') return value
  if (WHOLE_NUMBERS.includes(type.typeId)) return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (type.typeId === DuckDBTypeId.TIMESTAMP_TZ) return value.replace(' ', 'T').replace(/\+00$/, 'Z')
  if (type.typeId === DuckDBTypeId.TIMESTAMP) return value.replace(' ', 'T')
  return value
}
