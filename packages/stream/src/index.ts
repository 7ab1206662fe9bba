export type { OutputChoice } from './open-outputs.ts'
export { belongingOf } from './routes/kinds.ts'
export { findRoutes } from './routes/routes.ts'
export type {
  CommittedEvent,
  MaintenanceEvent,
  OutputNews,
  PipelineEvent,
  ReadEvent,
  RejectedSample,
  Stage,
  StartedDataset,
  WorkerEvent,
} from './telemetry.ts'
export { runStream, type StreamOptions, type StreamTotals } from './worker.ts'
