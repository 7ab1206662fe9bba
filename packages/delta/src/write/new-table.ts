import type { StructType } from '../log/schema.ts'

export interface NewTable {
  readonly schema: StructType
  readonly partitionColumns?: readonly string[]
  readonly configuration?: Readonly<Record<string, string>>
  readonly description?: string
}
