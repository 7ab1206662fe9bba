import { withServices } from '@millrace/testkit'
import { expectAllWell } from './expect-all-well.ts'
import { openTestLake } from './s3-lake.ts'

withServices('s3')('S3 passes the checks of a store, and nothing is left', async ({ s3 }) =>
  expectAllWell(await openTestLake(s3, {})),
)
