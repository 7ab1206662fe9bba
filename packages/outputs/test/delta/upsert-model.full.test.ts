import { describeUpserts } from './upsert-model.ts'

describeUpserts(80)
