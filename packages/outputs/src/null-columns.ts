import { MillraceError } from '@millrace/base'
import type { Dataset } from '@millrace/transform'

/**
 * Returns those of a table's columns that its data set has not: a column that was dropped from it or renamed, or that
 * others added to the table. They are NULL in every row that is added, so all but those `allowed` are refused.
 */
export function columnsWithoutValues(
  table: string,
  columns: readonly string[],
  { name, schema }: Dataset,
  allowed: readonly string[] = [],
): string[] {
  const known = new Set(schema.fields.map((column) => column.name.toLowerCase()))
  const without = columns.filter((column) => !known.has(column.toLowerCase()))
  const unexpected = without.filter((column) => !allowed.includes(column))
  if (unexpected.length === 0) return without
  throw new MillraceError(
    'COLUMNS_WITHOUT_VALUES',
    `${table} has ${inWords(unexpected)} that the data set ${name} does not fill: NULL in every row from now on`,
  )
}

function inWords(columns: readonly string[]): string {
  return `${columns.length === 1 ? 'a column' : 'columns'} ${columns.join(', ')}`
}
