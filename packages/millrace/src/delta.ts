import type { ObjectStore } from '@millrace/store'
import type { Lake, LakeOptions } from './library/lake.ts'

/** @public */
export type { HistoryEntry } from '@millrace/delta'
/** @public */
export type { AllowedPlace, ByteRange, ObjectInfo, ObjectStore, Readable, S3Access } from '@millrace/store'
/** @public */
export type { ColumnDefinition, ColumnType } from './library/columns.ts'
/** @public */
export type { Lake, LakeOptions, TableDefinition } from './library/lake.ts'
/** @public */
export type { Column } from './library/opened.ts'
/** @public */
export type { Appended, AppendOptions, ReadOptions, Row, Rows, Upserted, UpsertOptions } from './library/rows.ts'
/** @public */
export type { Table } from './library/table.ts'

/**
 * Opens a folder or a bucket of Delta tables: ./lake, s3://bucket/prefix, or a store of one's own.
 * @public
 */
export async function openLake(lake: string | ObjectStore, options?: LakeOptions): Promise<Lake> {
  return (await import('./library/lake.ts')).openLake(lake, options)
}
