export type { Advance } from './advance.ts'
export { anchorLast, type Behind, type PipelineBegun, type PipelineOutputs, type PreparedBatch } from './anchor-last.ts'
export { type BackFilled, backFill } from './back-fill.ts'
export {
  type BatchPurpose,
  type BatchReport,
  type CleanedBatch,
  cleanedBatch,
  type Row,
  type SelectedBlock,
  type UnrecognizedRecord,
} from './cleaned-batch.ts'
export { nullColumns } from './delta/null-columns.ts'
export { type TableVerdict, verifyLake } from './delta/verify/lake.ts'
export { verifyAgainstSource } from './delta/verify/source.ts'
export { verifyTable } from './delta/verify/table.ts'
export { fillOutput } from './fill.ts'
export { rewoundLedger } from './ledger/rewound.ts'
export { refuseMode } from './modes.ts'
export type {
  Begun,
  CommitResult,
  HeldRecords,
  MaintenanceTask,
  OpenOutput,
  Output,
  OutputContext,
  OutputKind,
  OutputSize,
  OutputVerdict,
  Prepared,
  StoredAdvance,
} from './output.ts'
export { addOutputs, outputAt } from './outputs.ts'
export { type DismissOptions, dismissRecords, type Which } from './quarantine/dismiss.ts'
export {
  type ListedRecord,
  listQuarantine,
  type QuarantineOf,
  type QuarantineOptions,
  replayAll,
} from './quarantine/list.ts'
export { printable } from './quarantine/printable.ts'
export { type ReplayOptions, replayQuarantine } from './quarantine/replay.ts'
export { QUARANTINE_SCHEMA, quarantinePath } from './quarantine/table.ts'
export type { RejectedRecord, RejectedRecords } from './rejected-record.ts'
export { tableInMemory } from './rows.ts'
export type { StagedChanges } from './staged-changes.ts'
export { changesInMemory } from './staged-changes.ts'
export type { OutputFailure, OutputStanding } from './standing.ts'
