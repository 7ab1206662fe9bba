import { freshBucket, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openPage, openShell } from './examples.ts'

const it = withServices('s3')

it('the examples of docs/archive.md: into an archive on S3, and a table rebuilt from it', async ({ s3 }) => {
  const { examplesOf, run } = await openPage('archive.md')
  const bucket = await freshBucket('archive', s3)
  const place = await openShell({ AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey })
  await place.run('ingest', '--count', '30', '--datasets', 'pin')
  const names = {
    'raw.example': bucket,
    'region=eu-central-1': `region=${s3.region}&pathStyle=true&endpoint=${s3.endpoint}`,
  }
  const [into = '', back = ''] = examplesOf('raw.example')
  for (const example of [into.replace('millrace stream', 'millrace stream --until-caught-up'), back]) {
    const result = await run(place, example, names)
    expect(result, result.output).toMatchObject({ exitCode: 0 })
  }
  const [rows] = JSON.parse(
    (await place.run('sql', 'SELECT count(*) AS n FROM pin', '--lake', 'rebuilt', '--format', 'json')).stdout,
  )
  expect(Number(rows.n)).toBe(30)
})
