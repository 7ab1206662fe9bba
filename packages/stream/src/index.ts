export type { CareEvent } from './care/care.ts'
export { type DeskOptions, type ListedRecord, listQuarantine, replayAll } from './quarantine/desk.ts'
export { findRoutes } from './routes/routes.ts'
export type {
  CommittedEvent,
  PipelineEvent,
  ReadEvent,
  RefusedSample,
  Stage,
  StartedDataset,
  TableSizes,
  WorkerEvent,
} from './telemetry.ts'
export { type TableVerdict, verifyLake } from './verify/lake.ts'
export { runStream, type StreamOptions, type StreamTotals } from './worker.ts'
