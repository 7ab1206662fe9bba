export { type IngestOptions, type IngestTotals, ingest } from './ingest.ts'
