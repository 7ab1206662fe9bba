import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { freshBucket, makeKafkaTopics, openKinesisStream, s3Client, withServices } from '@millrace/testkit'
import { describe, expect } from 'vitest'
import { openPage, openShell } from './examples.ts'

const page = await openPage('from-databricks.md')
const [fromBucket = '', toGateway = '', fromKafka = '', fromKinesis = '', everyDay = '', beside = ''] =
  page.examplesOf('millrace')
const ALL = { MILLRACE_DATASETS: 'pin,geo,user' }

const POST = {
  pin: { index: 7528, unique_id: 'fbe53c66', category: 'art', follower_count: '9k', poster_name: 'A' },
  geo: { ind: 7528, timestamp: '2020-08-28T03:52:47', latitude: -89.9, longitude: -173.2, country: 'Albania' },
  user: { ind: 7528, first_name: 'Abigail', last_name: 'Ali', age: 20, date_joined: '2015-10-24T11:23:51' },
}

/** What the connector has put into a bucket, in the place of the page's. */
async function landed(s3: Parameters<typeof s3Client>[0], change: object = {}): Promise<Record<string, string>> {
  const bucket = await freshBucket('landing', s3)
  const client = s3Client(s3)
  for (const [name, record] of Object.entries(POST)) {
    const Key = `topics/0a1b2c.${name}/partition=0/0a1b2c.${name}+0+0000000000.json`
    const Body = JSON.stringify(name === 'pin' ? { ...record, ...change } : record)
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
  }
  client.destroy()
  const region = `region=${s3.region}&endpoint=${s3.endpoint}&pathStyle=true`
  return { 'user-0a1b2c-bucket': bucket, 'region=eu-west-1': region }
}

describe('coming from Databricks, step by step', () => {
  const it = withServices('kafka', 's3', 'kinesisMock')

  it('what the connector has landed gives the answers', async ({ s3 }) => {
    const place = await openShell(ALL)
    const ran = await page.run(place, fromBucket, await landed(s3))
    expect(ran).toMatchObject({ exitCode: 0, output: expect.stringContaining('Albania') })
    expect(await readFile(join(place.folder, 'answers.html'), 'utf8')).toContain('Albania')
  })

  it('the emulator sends to the gateway, the worker fills tables of the old names, and the daily run answers as the old one', async ({
    kafka,
    s3,
  }) => {
    const topics = ['pin', 'geo', 'user'].map((name) => ({ topic: `0a1b2c.${name}`, numPartitions: 2 }))
    await makeKafkaTopics(kafka.bootstrap, topics)
    const place = await openShell(ALL)
    const here = { 'kafka.example:9092': kafka.bootstrap }
    const [sent = ''] = /\{"index.*?\}/.exec(toGateway) ?? []
    for (const [name, record] of Object.entries(POST)) {
      const other = { ...here, 'topics/0a1b2c.pin': `topics/0a1b2c.${name}`, [sent]: JSON.stringify(record) }
      const answered = await page.run(place, toGateway, other)
      expect(answered).toMatchObject({ exitCode: 0, output: expect.stringContaining('offset') })
    }
    const ran = await page.run(place, fromKafka, here)
    expect(ran).toMatchObject({ exitCode: 0, output: expect.stringContaining('nothing is missing') })
    const entry = 'tables/0a1b2c_pin_table/_delta_log/00000000000000000000.json'
    expect(await readFile(join(place.folder, entry), 'utf8')).toContain('"metaData"')

    const proved = await page.run(place, everyDay, here)
    expect(proved).toMatchObject({ exitCode: 0, output: expect.stringContaining('nothing is missing') })
    const same = await page.run(place, beside, await landed(s3))
    expect(same).toMatchObject({ exitCode: 0 })
    expect(same.output.match(/q\w+\.json: equal/g), same.output).toHaveLength(10)
    expect(await readFile(join(place.folder, 'new/2026-02-01/q1.json'), 'utf8')).toContain('Albania')
    const others = await page.run(place, beside.replaceAll('old', 'odd'), await landed(s3, { category: 'diy' }))
    expect(others.output).toMatch(/"category": ?"diy"/)
  })

  it('streams of the old names go into tables of the old names', async ({ kinesisMock }) => {
    for (const [name, record] of Object.entries(POST)) {
      const stream = await openKinesisStream(kinesisMock, `streaming-0a1b2c-${name}`, 1)
      await stream.put([{ Data: Buffer.from(JSON.stringify(record)), PartitionKey: `${name}-partition` }])
      stream.close()
    }
    const place = await openShell(ALL)
    const ran = await page.run(place, fromKinesis, { 'http://kinesis.example:4567': kinesisMock.endpoint })
    expect(ran).toMatchObject({ exitCode: 0, output: expect.stringMatching(/posts\s+─*\s*1/) })
  })
})
