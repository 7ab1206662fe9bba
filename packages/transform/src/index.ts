export { type BadRecord, type CleanParts, type Fates, withCleanRows } from './clean.ts'
export { belongsTo, type Dataset, datasetNames, loadDataset } from './dataset.ts'
export { datasetHash } from './dataset-hash.ts'
export { rowsHash } from './queries.ts'
