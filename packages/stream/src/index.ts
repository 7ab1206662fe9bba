export type { CommittedBatch } from './pipeline.ts'
export { runStream, type StreamOptions, type StreamTotals } from './worker.ts'
