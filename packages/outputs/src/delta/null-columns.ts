import { MillraceError } from '@millrace/base'
import { openTable, schemaOf, type TableRef } from '@millrace/delta'
import type { Dataset } from '@millrace/transform'

/**
 * Returns the columns of a table that its data set has not: a column that was dropped from it or renamed, or that
 * others added to the table. They are NULL in every row that is added, so all but those `allowed` are refused before
 * anything is changed.
 */
export async function nullColumns(
  table: TableRef,
  { name, schema }: Dataset,
  allowed: readonly string[] = [],
): Promise<string[]> {
  const snapshot = await openTable(table)
  const known = new Set(schema.fields.map((column) => column.name.toLowerCase()))
  const columns = (snapshot ? schemaOf(snapshot.metadata).fields : []).map((column) => column.name)
  const without = columns.filter((column) => !known.has(column.toLowerCase()))
  const unexpected = without.filter((column) => !allowed.includes(column))
  if (unexpected.length === 0) return without
  throw new MillraceError(
    'COLUMNS_WITHOUT_VALUES',
    `${table.store.url}/${table.path} has ${inWords(unexpected)} that the data set ${name} does not fill: NULL in every row from now on`,
  )
}

function inWords(columns: readonly string[]): string {
  return `${columns.length === 1 ? 'a column' : 'columns'} ${columns.join(', ')}`
}
