import { freshBucket, withServices } from '@millrace/testkit'
import { expect, onTestFinished, vi } from 'vitest'
import { openLake } from '../src/index.ts'

const it = withServices('s3')

const ROWS = [
  { name: 'a bucket that is not there', bucket: 'no-such-bucket', next: /Create the bucket/ },
  { name: 'a key that the server does not know', keys: { AWS_ACCESS_KEY_ID: 'nobody' }, next: /which credentials/ },
  { name: 'a wrong secret', keys: { AWS_SECRET_ACCESS_KEY: 'wrong' }, next: /secret/ },
]

it.for(ROWS)('$name is STORE_FAILED and says what to do', async ({ bucket, keys = {}, next }, { s3 }) => {
  const there = bucket ?? (await freshBucket('errors', s3))
  const right = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey }
  for (const [name, value] of Object.entries({ ...right, ...keys })) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const store = await openLake(`s3://${there}?region=${s3.region}&endpoint=${s3.endpoint}`)
  await expect(store.get('some/key')).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining('failed: HTTP'),
    next: expect.stringMatching(next),
  })
})
