export { type BadRecord, type CleanParts, type Fates, type UseRows, withCleanRows } from './clean.ts'
export { type Dataset, datasetNames, loadDataset } from './dataset.ts'
export { datasetHash } from './dataset-hash.ts'
