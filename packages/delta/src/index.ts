export type { Actions, AddFile, Metadata, Protocol, RemoveFile, Txn } from './log/actions.ts'
export { filledBySelf, partitionOf, partitionsOf, TIME_PARTS, type TimePart, timePartColumn } from './log/layout.ts'
export { type TableRef, tableUrl } from './log/log.ts'
export { KEYED_BY, unknownProperties } from './log/properties.ts'
export {
  commentedField,
  type DataType,
  decimalType,
  duckdbType,
  type StructField,
  type StructType,
  schemaOf,
} from './log/schema.ts'
export { hasLostRows } from './maintenance/bins.ts'
export { checkpointIsDue, writeCheckpoint } from './maintenance/checkpoint.ts'
export { type HistoryEntry, tableHistory } from './maintenance/history.ts'
export { type BeforeRemoval, cleanLog } from './maintenance/log-cleanup.ts'
export { type OptimizeOptions, type OptimizeResult, optimizeTable } from './maintenance/optimize.ts'
export { type VacuumOptions, type VacuumResult, vacuumTable } from './maintenance/vacuum.ts'
export { addedSince } from './read/changes.ts'
export { commitVersions, readCommits } from './read/commits.ts'
export { inOrder } from './read/in-order.ts'
export { missingFiles } from './read/missing-files.ts'
export { FILE, planScan, ROW, type Scan, type ScanOptions } from './read/plan.ts'
export type { Predicate, Value } from './read/predicate.ts'
export { type OpenScan, openScan, rowsByLog, withScan } from './read/scan.ts'
export { openTable, refresh, type Snapshot } from './read/snapshot.ts'
export { openChanges } from './read/table-changes.ts'
export { listTables } from './read/tables.ts'
export { commitTimes, versionAt } from './read/time-travel.ts'
export {
  ACTION,
  type Changed,
  changeRows,
  type RowAction,
  type RowStatement,
  type RowsRead,
  TARGET,
} from './write/change-rows.ts'
export { type CommitResult, commit, committedOrThrow } from './write/commit.ts'
export { commitAnew, PASSING_CONFLICTS } from './write/commit-anew.ts'
export type { WriteContext } from './write/context.ts'
export { openOrCreate } from './write/create.ts'
export { writeEdits } from './write/edits.ts'
export { holdsType, isWidening } from './write/evolve.ts'
export { type HistoryPlan, planHistory, REPEATS, VALID_FROM, VALID_TO } from './write/keyed/history.ts'
export { changesIn, planUpsert, type UpsertPlan, type UpsertRules } from './write/keyed/upsert.ts'
export { type Upserted, type UpsertOptions, upsertRows } from './write/keyed/upsert-rows.ts'
export { columnsToAdd, withColumns } from './write/new-columns.ts'
export type { NewTable } from './write/new-table.ts'
export { type StageOptions, stageParquet, stageRows } from './write/parquet.ts'
export { removalOf } from './write/removal.ts'
export { restoreTable } from './write/restore.ts'
export {
  appendRows,
  type RemovalOptions,
  replaceRows,
  type WriteOptions,
} from './write/rows.ts'
export { defaultValue, givenColumns, isGenerated } from './write/rules/computed.ts'
export { isRowRefusal, onlyTaken, rowRefusal } from './write/rules/row-rules.ts'
export { shareFiles } from './write/share.ts'
export { discardStaged, type StagedFile, stagedRows, uploadAll, uploadStaged } from './write/staged.ts'
export type { Transaction } from './write/transaction.ts'
export { refuseExpiringProgress, refuseRemoval, refuseUnwritable } from './write/writable.ts'
