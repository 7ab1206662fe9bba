import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { freshName, s3Client } from '@millrace/testkit'
import { expect } from 'vitest'
import { openWorkplace } from './millrace.ts'

/** The connection facts that the S3 server's recipe tells. */
type S3Service = Parameters<typeof s3Client>[0]

const DATASETS = ['pin', 'geo', 'user'] as const

const RECORDS: Readonly<Record<(typeof DATASETS)[number], (ind: number) => unknown>> = {
  pin: (ind) => ({ index: ind, follower_count: `${ind % 900}k`, poster_name: `P${ind % 50}`, category: `c${ind % 5}` }),
  geo: (ind) => ({ ind, country: `Land ${ind % 7}`, latitude: 1.5, longitude: 2.5, timestamp: '2020-01-02 03:04:05' }),
  user: (ind) => ({
    ind,
    first_name: 'F',
    last_name: `L${ind}`,
    age: 20 + (ind % 40),
    date_joined: '2016-01-02 03:04:05',
  }),
}

const PARTITIONS = 3

const PUTS_AT_ONCE = 64

/** One record an object, as Kafka Connect's S3 sink leaves them. */
async function land(client: S3Client, bucket: string, from: number, to: number): Promise<void> {
  const waiting = DATASETS.flatMap((set) => Array.from({ length: to - from }, (_, i) => [set, from + i] as const))
  const work = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [set, ind] = next
      const offset = String(Math.floor(ind / PARTITIONS)).padStart(10, '0')
      const [topic, partition] = [`0a1.${set}`, ind % PARTITIONS]
      const Key = `landing/topics/${topic}/partition=${partition}/${topic}+${partition}+${offset}.json`
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: `${JSON.stringify(RECORDS[set](ind))}\n` }))
    }
  }
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, work))
}

/** So many objects in all on one day, so many more on the next, and one of those half-written. */
export async function landAndRun(s3: S3Service, objects: number, more: number): Promise<{ firstSeconds: number }> {
  const bucket = freshName('landing')
  const client = s3Client(s3)
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  const place = await openWorkplace({ AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey })
  const at = (prefix: string) => `s3://${bucket}/${prefix}?endpoint=${s3.endpoint}&region=${s3.region}&pathStyle=true`
  const run = async (date: string) => {
    const options = ['--raw', at('landing'), '--lake', at('lake'), '--date', date, '--json']
    const { exitCode, stdout, stderr } = await place.run('batch', ...options)
    expect([exitCode, stderr.match(/error.*/)?.[0]]).toEqual([0, undefined])
    return JSON.parse(stdout)
  }
  const [posts, morePosts] = [Math.floor(objects / DATASETS.length), Math.floor(more / DATASETS.length)]
  try {
    await land(client, bucket, 0, posts)
    const first = await run('2026-01-01')
    expect(first).toMatchObject({ records: posts * 3, rows: posts * 3, rejected: 0, unclaimed: 0 })
    expect(first.peakRssBytes).toBeLessThan(1e9)

    await land(client, bucket, posts, posts + morePosts)
    const Key = 'landing/topics/0a1.pin/partition=0/0a1.pin+0+0099999999.json'
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{"index": 5, "ti' }))
    const second = await run('2026-01-02')
    expect(second).toMatchObject({ records: morePosts * 3, rows: morePosts * 3, rejected: 1 })
    return { firstSeconds: first.seconds }
  } finally {
    await place.leave()
  }
}
