export { type Cleaner, type CleanReport, createCleaner } from './cleaner.ts'
export { belongsTo, type Dataset, datasetFolder, datasetHash, datasetNames, loadDataset } from './dataset.ts'
export { rowsHash } from './queries.ts'
export type { FileTarget } from './work.ts'
