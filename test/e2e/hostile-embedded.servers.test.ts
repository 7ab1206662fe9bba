import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { PINTEREST } from '@millrace/testkit'
import { openProducer } from '@millrace/transport'
import { expect, test } from 'vitest'
import { openMeasuredWorkplace } from './peak.ts'

/** What a worker may take under attack. */
const MOST_BYTES = 700 << 20
const MEGABYTE = 1 << 20

const empty = Buffer.alloc(0)
const key = Buffer.alloc(MEGABYTE, 'k')
const large = Buffer.alloc(4 * MEGABYTE, 'x')
const nothing = Array.from({ length: 300_000 }, () => ({ value: empty }))
const object = Buffer.from('{}')
const objects = Array.from({ length: 50_000 }, () => ({ value: object }))
const topics = Array.from({ length: 60 }, (_, i) => `hostile-${i}`)

type Sent = readonly [topic: string, records: readonly { readonly value: Buffer; readonly key?: Buffer }[]]

test.for<[string, readonly Sent[]]>([
  ['empty records in one piece', [['user', nothing]]],
  ['many records that no expectation lets in', Array.from({ length: 10 }, () => ['user', objects])],
  ['keys of a megabyte with empty records', Array.from({ length: 150 }, () => ['user', [{ value: empty, key }]])],
  ['a long list of topics with large records', topics.map((topic) => [topic, [{ value: large }]])],
])(
  'a worker takes %s out of the embedded store in bounded memory',
  { timeout: 120_000 },
  async ([what, sent], { annotate, onTestFinished }) => {
    const place = await openMeasuredWorkplace(annotate)
    onTestFinished(() => place.leave())
    const source = `embedded:${join(place.folder, 'stream.db')}`
    const producer = await openProducer(source, systemRuntime)
    for (const [topic, records] of sent) await producer.send(topic, records)
    await producer.close()
    const pairs = [...new Set(sent.map(([topic]) => `user=${topic}`))].join(',')
    const where = ['--source', source, '--datasets', 'user', '--dataset-folders', PINTEREST.datasets, '--topics', pairs]
    const { stdout, stderr } = await place.run('stream', ...where, '--until-caught-up', '--json')
    expect(JSON.parse(stdout.trim().split('\n').at(-1) || stderr)).toMatchObject({
      rows: 0,
      quarantined: sent.reduce((sum, [, records]) => sum + records.length, 0),
    })
    await place.expectPeakBelow(MOST_BYTES, `embedded store, ${what}`)
  },
)

test('long texts of two batches are not in the engine at once: all are rows', { timeout: 120_000 }, async ({
  annotate,
  onTestFinished,
}) => {
  const place = await openMeasuredWorkplace(annotate)
  onTestFinished(() => place.leave())
  const source = `embedded:${join(place.folder, 'stream.db')}`
  const producer = await openProducer(source, systemRuntime)
  const name = 'x'.repeat(15 * MEGABYTE)
  const record = { ind: 1, first_name: name, last_name: 'B', age: 30, date_joined: '2016-01-01 00:00:00' }
  const value = Buffer.from(JSON.stringify(record))
  for (let i = 0; i < 8; i++) await producer.send('user', [{ value }])
  await producer.close()
  const where = ['--source', source, '--datasets', 'user', '--dataset-folders', PINTEREST.datasets]
  const { stdout, stderr } = await place.run('stream', ...where, '--topics', 'user=user', '--until-caught-up', '--json')
  expect(JSON.parse(stdout.trim().split('\n').at(-1) || stderr)).toMatchObject({ rows: 8, quarantined: 0 })
  await place.expectPeakBelow(MOST_BYTES, 'embedded store, long texts')
})
