export { type DuckDB, type DuckDBOptions, openDuckDB } from './duckdb.ts'
export type { AddFile, Metadata, Protocol, RemoveFile, Txn } from './log/actions.ts'
export { type TableRef, tableUrl } from './log/log.ts'
export {
  type DataType,
  duckdbType,
  quoteName,
  quoteText,
  type StructField,
  type StructType,
  schemaOf,
} from './log/schema.ts'
export type { Predicate, Value } from './read/predicate.ts'
export { type OpenScan, openScan, planScan, type Scan, type ScanOptions } from './read/scan.ts'
export { openTable, refresh, type Snapshot } from './read/snapshot.ts'
export { openLake } from './store/address.ts'
export type { ObjectInfo, ObjectStore } from './store/store.ts'
export { type NewTable, openOrCreate } from './write/create.ts'
export { type StagedFile, stageParquet, stageRows, uploadStaged } from './write/parquet.ts'
export { type CommitResult, commit, type Transaction } from './write/transaction.ts'
