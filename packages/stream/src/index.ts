export type { OutputChoice } from './open-outputs.ts'
export type { StreamOptions } from './options.ts'
export { belongingOf } from './routes/kinds.ts'
export { EACH_ITS_OWN, hasPattern } from './routes/patterns.ts'
export { findRoutes, routesOf } from './routes/routes.ts'
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
export { runStream, type StreamTotals } from './worker.ts'
