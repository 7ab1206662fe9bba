import type { StructType } from '../log/schema.ts'

export interface NewTable {
  readonly schema: StructType
  readonly partitionColumns?: readonly string[]
  readonly configuration?: Readonly<Record<string, string>>
  readonly description?: string
  /** A table that is there keeps its columns: those that it lacks come with the first rows that have them. */
  readonly keepsColumns?: boolean
}
