import { openLake } from '@millrace/store'
import { freshBucket, type S3Address, withServices } from '@millrace/testkit'
import { describeOutput } from '../contract.ts'
import { archiveOn } from './archive.ts'

let server: S3Address
const test = withServices('s3').extend('server', { auto: true }, ({ s3 }) => {
  server = s3
})

describeOutput('archive, on S3', { storeCanFail: true, test: test as never }, async () => {
  const bucket = await freshBucket('archive', server)
  const { endpoint, region } = server
  const store = await openLake(`s3://${bucket}/raw?endpoint=${endpoint}&region=${region}&pathStyle=true`)
  return archiveOn(store, 'gzip', async () => {})
})
