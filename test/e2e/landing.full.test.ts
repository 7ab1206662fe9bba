import { withServices } from '@millrace/testkit'
import { landAndRun } from './landing.ts'

const it = withServices('s3')

it('a landing of 200,000 one-record objects on S3, and 1,000 more the next day', { timeout: 1_800_000 }, async ({
  s3,
}) => {
  await landAndRun(s3, 200_000, 1_000)
})
