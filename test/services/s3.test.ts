import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { freshName, withServices } from '../src/index.ts'
import type { S3Address } from './s3.ts'

const it = withServices('s3')

function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: S3Address): S3Client {
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
}

it('creates an object only if it is not there yet', async ({ s3 }) => {
  const client = clientOf(s3)
  const at = { Bucket: freshName('conditional'), Key: 'log/1.json' }
  await client.send(new CreateBucketCommand({ Bucket: at.Bucket }))
  await client.send(new PutObjectCommand({ ...at, Body: 'first', IfNoneMatch: '*' }))

  const second = client.send(new PutObjectCommand({ ...at, Body: 'second', IfNoneMatch: '*' }))

  await expect(second).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } })
  const { Body } = await client.send(new GetObjectCommand(at))
  expect(await Body?.transformToString()).toBe('first')
})

it('refuses a wrong secret', async ({ s3 }) => {
  const client = clientOf({ ...s3, secretAccessKey: 'not the secret' })

  const attempt = client.send(new CreateBucketCommand({ Bucket: freshName('stranger') }))

  await expect(attempt).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
})
