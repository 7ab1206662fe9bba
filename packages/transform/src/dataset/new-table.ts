import type { NewTable } from '@millrace/delta'
import type { Dataset } from './dataset.ts'

/** Returns the table of a data set as it is made, or asked for where it is there. */
export function newTableOf({ schema, description, layout }: Dataset): NewTable {
  if (!layout) return { schema, description }
  const { partitionBy, timeParts, sortBy } = layout
  return {
    schema: { type: 'struct', fields: [...schema.fields, ...timeParts] },
    description,
    ...(partitionBy.length > 0 && { partitionColumns: partitionBy }),
    ...(sortBy.length > 0 && { sortBy }),
  }
}
