export { withCleanRows } from './clean.ts'
export { type Dataset, datasetNames, type Field, type FieldType, loadDataset } from './dataset.ts'
