export { generatorFeed } from './feed.ts'
export { type IngestOptions, type IngestTotals, ingest } from './ingest.ts'
