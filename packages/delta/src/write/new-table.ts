import type { StructType } from '../log/schema.ts'

export interface NewTable {
  readonly schema: StructType
  /** Where they are given, a table that is there must have the same. */
  readonly partitionColumns?: readonly string[]
  /** Columns by which the rows of each file are sorted, from now on. */
  readonly sortBy?: readonly string[]
  readonly configuration?: Readonly<Record<string, string>>
  readonly description?: string
  /** A table that is there keeps its columns: those that it lacks come with the first rows that have them. */
  readonly keepsColumns?: boolean
}
