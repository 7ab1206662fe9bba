import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName } from '@millrace/engine'
import type { AddFile } from '../log/actions.ts'
import { physicalName, tableColumns } from '../log/columns.ts'
import { duckdbType } from '../log/schema.ts'
import { statsOf } from '../read/bounds.ts'
import { fieldNamed, type Predicate } from '../read/predicate.ts'
import { mayHold } from '../read/prune.ts'
import { jsonList } from '../read/scan-sql.ts'
import type { Snapshot } from '../read/snapshot.ts'

/** Types whose bounds are exact, or cut off only where a text goes on. */
const BOUNDED = /^(string|long|integer|short|byte|date)$/

/**
 * Returns the files that may hold one of the keys: by the range of all keys, and, by the first column of the key,
 * because there is a key within the file's own bounds.
 */
export async function filesWithKeys(
  snapshot: Snapshot,
  range: Predicate,
  key: readonly string[],
  keys: string,
  connection: DuckDBConnection,
): Promise<AddFile[]> {
  const columns = tableColumns(snapshot)
  const within = [...snapshot.files.values()].filter((file) => mayHold(columns, file, range))
  const field = fieldNamed(columns.fields, key[0] ?? '')
  if (typeof field.type !== 'string' || !BOUNDED.test(field.type) || columns.isPartition(field)) return within
  const name = physicalName(field, columns.mapping)
  const bounds = within.map((file, i) => {
    const { minValues, maxValues } = statsOf(file)
    return { i, least: minValues?.[name] ?? null, greatest: maxValues?.[name] ?? null }
  })
  const type = duckdbType(field.type)
  const column = quoteName(field.name)
  const below = field.type === 'string' ? `(k <= greatest OR starts_with(k, greatest))` : 'k <= greatest'
  const reader = await connection.runAndReadAll(`
    WITH files AS (SELECT i, least::${type} AS least, greatest::${type} AS greatest FROM (
        SELECT unnest(${jsonList(bounds, '[{"i": "BIGINT", "least": "VARCHAR", "greatest": "VARCHAR"}]')}, recursive := true))),
      wanted AS (SELECT DISTINCT ${column} AS k FROM ${keys})
    SELECT i FROM files WHERE least IS NULL OR greatest IS NULL
    UNION SELECT i FROM files ASOF JOIN wanted ON files.least <= wanted.k WHERE ${below}`)
  const places = reader
    .getRows()
    .map(([i]) => Number(i))
    .sort((a, b) => a - b)
  return places.map((i) => within[i] as AddFile)
}
