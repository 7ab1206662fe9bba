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
  const bounds = bounded.map((field) => {
    const name = physicalName(field, columns.mapping)
    return stats.map(({ minValues, maxValues }, i): Bounds | undefined => {
      // All rows of a file of a partition have its value; none has '', which stands for NULL.
      const only = columns.isPartition(field) ? within[i]?.partitionValues[name] || undefined : undefined
      const [least, greatest] = [only ?? minValues?.[name], only ?? maxValues?.[name]]
      return least == null || greatest == null ? undefined : { i, least: String(least), greatest: String(greatest) }
    })
  })
  const between = bounded.map((field, at) => `SELECT ${at}, i FROM ${filesBetween(field, bounds[at] ?? [], keys)}`)
  const found = bounded.map(() => new Set<number>())
  const rows = (await connection.runAndReadAll(between.join(' UNION ALL '))).getRows()
  for (const [at, i] of rows) found[Number(at)]?.add(Number(i))
  return within.filter((_, i) => bounds.every((of, at) => of[i] === undefined || found[at]?.has(i)))
}

/** A file's place, and the least and greatest value of a column in it. */
interface Bounds {
  readonly i: number
  readonly least: string
  readonly greatest: string
}

/** Returns a relation of the files between whose bounds is one of the keys' values of a column. */
function filesBetween({ name, type }: StructField, bounds: readonly (Bounds | undefined)[], keys: string): string {
  const own = duckdbType(type)
  const below = type === 'string' ? `(k <= greatest OR starts_with(k, greatest))` : 'k <= greatest'
  const known = jsonList(bounds.filter(Boolean), '[{"i": "BIGINT", "least": "VARCHAR", "greatest": "VARCHAR"}]')
  return `(SELECT i, least::${own} AS least, greatest::${own} AS greatest FROM (SELECT unnest(${known}, recursive := true))) AS f
    ASOF JOIN (SELECT ${quoteName(name)} AS k FROM ${keys}) AS w ON f.least <= w.k WHERE ${below}`
}
