export type { CareEvent } from './care.ts'
export { type DeskOptions, type ListedRecord, listQuarantine, replayAll } from './quarantine-desk.ts'
export { type TableVerdict, verifyLake } from './verify-lake.ts'
export { runStream, type StreamOptions, type StreamTotals, type WorkerCommit } from './worker.ts'
