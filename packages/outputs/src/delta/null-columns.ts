import { givenColumns, openTable, type TableRef } from '@millrace/delta'
import type { Dataset } from '@millrace/transform'
import { columnsWithoutValues } from '../null-columns.ts'

/** Returns the columns of a table that its data set does not fill, before anything is changed. */
export async function nullColumns(
  table: TableRef,
  dataset: Dataset,
  allowed: readonly string[] = [],
): Promise<string[]> {
  const snapshot = await openTable(table)
  const columns = snapshot ? givenColumns(snapshot.metadata).map((column) => column.name) : []
  return columnsWithoutValues(`${table.store.url}/${table.path}`, columns, dataset, allowed)
}
