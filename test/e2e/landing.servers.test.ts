import { withServices } from '@millrace/testkit'
import { landAndRun } from './landing.ts'

const it = withServices('s3')

it('a landing of 2,000 one-record objects on S3 becomes tables, and the next day only what is new', async ({ s3 }) => {
  await landAndRun(s3, 2_000, 90)
})
