import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { freshName, s3Client, withServices } from '../src/index.ts'

const it = withServices('s3')

it('creates an object only if it is not there yet', async ({ s3 }) => {
  const client = s3Client(s3)
  const at = { Bucket: freshName('conditional'), Key: 'log/1.json' }
  await client.send(new CreateBucketCommand({ Bucket: at.Bucket }))
  await client.send(new PutObjectCommand({ ...at, Body: 'first', IfNoneMatch: '*' }))

  const second = client.send(new PutObjectCommand({ ...at, Body: 'second', IfNoneMatch: '*' }))

  await expect(second).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } })
  const { Body } = await client.send(new GetObjectCommand(at))
  expect(await Body?.transformToString()).toBe('first')
})

it('refuses a wrong secret', async ({ s3 }) => {
  const client = s3Client({ ...s3, secretAccessKey: 'not the secret' })

  const attempt = client.send(new CreateBucketCommand({ Bucket: freshName('stranger') }))

  await expect(attempt).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
})
