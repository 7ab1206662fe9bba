import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { freshName, s3Client, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openWorkplace } from './millrace.ts'

const it = withServices('s3')

it('a lake on S3: streamed to, killed, gone on with, asked and verified', async ({ s3 }) => {
  const bucket = freshName('lake')
  await s3Client(s3).send(new CreateBucketCommand({ Bucket: bucket }))
  const place = await openWorkplace({
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    MILLRACE_LAKE: `s3://${bucket}/lakes/one?endpoint=${s3.endpoint}&region=${s3.region}&pathStyle=true`,
  })
  try {
    await place.run('ingest', '--count', '20000', '--mode', 'all')
    for (let kill = 0; kill < 5; kill++) {
      const worker = place.start(
        'stream',
        '--every',
        '10ms',
        '--max-rows',
        '500',
        '--source',
        'embedded:./data/stream.db',
      )
      const exited = new Promise((resolve) => worker.once('exit', resolve))
      // Any moment will do.
      await new Promise((resolve) => setTimeout(resolve, 800 + Math.random() * 1500))
      worker.kill('SIGKILL')
      await exited
    }
    expect(await place.run('stream', '--until-caught-up')).toMatchObject({ exitCode: 0 })
    for (const table of ['pin', 'geo', 'user']) {
      const counted = await place.sql(`select count(*) as n, count(distinct ind) as inds from "${table}"`)
      expect(counted).toEqual([{ n: 20_000, inds: 20_000 }])
    }
    expect(await place.run('verify', '--source', 'embedded:./data/stream.db')).toMatchObject({ exitCode: 0 })
    expect(await place.run('doctor')).toMatchObject({ exitCode: 0 })
  } finally {
    await place.leave()
  }
})
