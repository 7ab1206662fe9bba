import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName } from '@millrace/engine'
import type { AddFile } from '../log/actions.ts'
import { physicalName, tableColumns } from '../log/columns.ts'
import { duckdbType, type StructField } from '../log/schema.ts'
import { statsOf } from '../read/bounds.ts'
import { fieldNamed, type Predicate } from '../read/predicate.ts'
import { mayHold } from '../read/prune.ts'
import { jsonList } from '../read/scan-sql.ts'
import type { Snapshot } from '../read/snapshot.ts'

/** Types whose bounds are exact, or cut off only where a text goes on. */
const BOUNDED = /^(string|long|integer|short|byte|date)$/

/**
 * Returns the files that may hold one of the keys: by the range of all keys, and because, for each column of the key,
 * there is a value of it within the file's own bounds, or the one of its partition.
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
  const bounded = key
    .map((name) => fieldNamed(columns.fields, name))
    .filter((field) => typeof field.type === 'string' && BOUNDED.test(field.type))
  if (within.length === 0 || bounded.length === 0) return within
  const stats = within.map((file) => statsOf(file))
  const between = bounded.map((field) => {
    const name = physicalName(field, columns.mapping)
    const bounds = stats.map(({ minValues, maxValues }, i) => {
      // All rows of a file of a partition have its value; none has '', which stands for NULL.
      const only = columns.isPartition(field) ? within[i]?.partitionValues[name] || null : undefined
      return { i, least: only ?? minValues?.[name] ?? null, greatest: only ?? maxValues?.[name] ?? null }
    })
    return filesBetween(field, bounds, keys)
  })
  const places = (await connection.runAndReadAll(between.join(' INTERSECT ')))
    .getRows()
    .map(([i]) => Number(i))
    .sort((a, b) => a - b)
  return places.map((i) => within[i] as AddFile)
}

/** Returns a SELECT of the files between whose bounds is one of the keys' values of a column. */
function filesBetween({ name, type }: StructField, bounds: readonly object[], keys: string): string {
  const own = duckdbType(type)
  const below = type === 'string' ? `(k <= greatest OR starts_with(k, greatest))` : 'k <= greatest'
  const files = `(SELECT i, least::${own} AS least, greatest::${own} AS greatest FROM (
    SELECT unnest(${jsonList(bounds, '[{"i": "BIGINT", "least": "VARCHAR", "greatest": "VARCHAR"}]')}, recursive := true)))`
  const wanted = `(SELECT DISTINCT ${quoteName(name)} AS k FROM ${keys})`
  return `(SELECT i FROM ${files} WHERE least IS NULL OR greatest IS NULL
    UNION SELECT i FROM ${files} AS f ASOF JOIN ${wanted} AS w ON f.least <= w.k WHERE ${below})`
}
