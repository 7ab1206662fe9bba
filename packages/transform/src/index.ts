export { type Cleaner, type CleanReport, createCleaner } from './clean/cleaner.ts'
export type { FileTarget } from './clean/work.ts'
export { belongsTo, type Dataset, datasetFolder, datasetHash, datasetNames, loadDataset } from './dataset/dataset.ts'
