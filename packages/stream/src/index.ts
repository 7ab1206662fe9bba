export { type TableVerdict, type VerifyOptions, verifyLake } from './verify-lake.ts'
export { type Route, runStream, type StreamOptions, type StreamTotals, type WorkerCommit } from './worker.ts'
