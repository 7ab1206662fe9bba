export { type AuditedCommit, auditedCommits } from './care/audit.ts'
export { checkpointIsDue, writeCheckpoint } from './care/checkpoint.ts'
export { type HistoryEntry, tableHistory } from './care/history.ts'
export type { LedgerEntry } from './care/ledger.ts'
export { cleanLog } from './care/log-cleanup.ts'
export { type OptimizeOptions, type OptimizeResult, optimizeTable } from './care/optimize.ts'
export { type VacuumOptions, type VacuumResult, vacuumTable } from './care/vacuum.ts'
export { type DuckDB, type DuckDBOptions, openDuckDB, runBeside } from './duckdb.ts'
export type { LeaseListener } from './lease/hand.ts'
export { type Leases, openLeases } from './lease/leases.ts'
export type { AddFile, Metadata, Protocol, RemoveFile, Txn } from './log/actions.ts'
export type { TableRef } from './log/log.ts'
export {
  commentedField,
  type DataType,
  duckdbType,
  quoteName,
  quoteText,
  type StructField,
  type StructType,
} from './log/schema.ts'
export { addedSince } from './read/changes.ts'
export type { Predicate, Value } from './read/predicate.ts'
export { type OpenScan, openScan, planScan, type Scan, type ScanOptions, withScan } from './read/scan.ts'
export { openTable, refresh, type Snapshot } from './read/snapshot.ts'
export { listTables } from './read/tables.ts'
export { versionAt } from './read/time-travel.ts'
export { type LakeOptions, openLake } from './store/address.ts'
export { type Finding, probeStore } from './store/probe.ts'
export type { ObjectInfo, ObjectStore } from './store/store.ts'
export { type NewTable, openOrCreate } from './write/create.ts'
export { type StageOptions, stageParquet, stageRows } from './write/parquet.ts'
export {
  appendRows,
  type RemovalOptions,
  removalOf,
  replaceRows,
  type Workshop,
  type WriteOptions,
} from './write/rows.ts'
export { shareFiles } from './write/share.ts'
export { discardStaged, type StagedFile, stagedRows, uploadAll, uploadStaged } from './write/staged.ts'
export { type CommitResult, commit, committedOrThrow, type Transaction } from './write/transaction.ts'
export { refuseExpiringProgress, refuseUnwritable } from './write/writable.ts'
