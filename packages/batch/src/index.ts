export { type BatchOptions, type BatchResult, runBatch } from './run.ts'
export { type ListedRun, listRuns } from './runs.ts'
export { dateIn, keepSchedule, type ScheduleListener } from './schedule.ts'
