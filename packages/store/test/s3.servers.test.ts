import { temporaryFolder, withServices } from '@millrace/testkit'
import { describeStore } from './contract.ts'
import { openTestLake } from './s3-lake.ts'

const it = withServices('s3').extend('store', async ({ s3 }) =>
  openTestLake(s3, { cache: { folder: await temporaryFolder() } }),
)

describeStore('S3', it)
