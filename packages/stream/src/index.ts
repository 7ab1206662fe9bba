export { runStream, type StreamOptions, type StreamTotals, type WorkerCommit } from './worker.ts'
