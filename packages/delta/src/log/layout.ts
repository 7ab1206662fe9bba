import { quoteName } from '@millrace/engine'
import type { AddFile, Metadata } from './actions.ts'
import { type StructField, schemaOf } from './schema.ts'

/** The property that names the columns by which the rows of each file are sorted, as an array of JSON. */
export const SORTED_BY = 'millrace.sortBy'

/** Returns the columns by which rows are sorted where they are written, those that the table has. */
export function sortColumns(metadata: Metadata): string[] {
  const text = metadata.configuration[SORTED_BY]
  if (text === undefined) return []
  const names = new Set(schemaOf(metadata).fields.map(({ name }) => name))
  try {
    const columns: unknown = JSON.parse(text)
    return Array.isArray(columns) ? columns.filter((column) => names.has(column)) : []
  } catch {
    return []
  }
}

/** Returns the partition of a file as a text. Writers name its columns in any order. */
export function partitionOf({ partitionValues }: Pick<AddFile, 'partitionValues'>): string {
  return JSON.stringify(Object.entries(partitionValues).sort())
}

/** Returns how many partitions the files are of. */
export function partitionsOf(files: Iterable<Pick<AddFile, 'partitionValues'>>): number {
  return new Set(Iterator.from(files).map(partitionOf)).size
}

export const TIME_PARTS = ['day', 'hour'] as const
export type TimePart = (typeof TIME_PARTS)[number]

const PART_OF = 'millrace.partOf'

/** Returns a column that is filled by itself with the day or the hour, in UTC, that a time lies in. */
export function timePartColumn(name: string, part: TimePart, column: string): StructField {
  const comment = `The ${part} of ${column}, in UTC`
  const metadata = { comment, [PART_OF]: JSON.stringify({ part, column }) }
  return { name, type: part === 'day' ? 'date' : 'timestamp', nullable: true, metadata }
}

/** Returns SQL for the value of a column that is filled by itself; undefined for any other. */
export function filledBySelf({ metadata }: StructField): string | undefined {
  const text = metadata[PART_OF]
  if (typeof text !== 'string') return undefined
  try {
    const { part, column } = JSON.parse(text) as { readonly part?: unknown; readonly column?: unknown }
    if (typeof column !== 'string') return undefined
    if (part === 'day') return `CAST(${quoteName(column)} AS DATE)`
    return part === 'hour' ? `date_trunc('hour', ${quoteName(column)})` : undefined
  } catch {
    return undefined
  }
}
