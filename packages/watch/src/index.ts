export { type Dashboard, type DashboardOptions, openDashboard } from './dashboard.ts'
export type { WorkerIdentity, WorkerState } from './state.ts'
export { agoInWords, bytesInWords, countInWords, exactCountInWords, secondsInWords } from './words.ts'
export { type WorkerWatch, watchWorker } from './worker-watch.ts'
