import { floodingMysql, MYSQL_FLOODS, PINTEREST } from '@millrace/testkit'
import { expect, it, type TestContext } from 'vitest'
import { type Answer, endless, httpServer, MEGABYTE, times } from './hostile-server.ts'
import { openMeasuredWorkplace } from './peak.ts'

const MOST_BYTES = 700 << 20
const AWS = { AWS_ACCESS_KEY_ID: 'somebody', AWS_SECRET_ACCESS_KEY: 'something' }

async function expectEnd(
  { annotate, onTestFinished }: TestContext,
  args: readonly string[],
  code: RegExp,
  doing: string,
): Promise<void> {
  const place = await openMeasuredWorkplace(annotate, AWS)
  onTestFinished(() => place.leave())
  const { exitCode, stderr } = await place.run(...args)
  expect(stderr).toMatch(code)
  expect(exitCode).toBe(1)
  await place.expectPeakBelow(MOST_BYTES, doing)
}

it.for(MYSQL_FLOODS)(
  'a MySQL server that sends %s without end: a named error, in bounded memory',
  { timeout: 60_000 },
  async ([what, first, again], context) => {
    const from = `mysql://root@127.0.0.1:${await floodingMysql(first, again)}/d`
    const args = ['--mode', 'all', '--datasets', 'user', '--dataset-folders', PINTEREST.datasets]
    await expectEnd(context, ['ingest', '--from', from, ...args], /error\[SOURCE_UNSUPPORTED\]/, `MySQL, ${what}`)
  },
)

const entry = (key: string) =>
  `<Contents><Key>${key}</Key><Size>9000000</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>`
const LISTING = `<ListBucketResult>${entry('user/_delta_log/00000000000000000000.json')}</ListBucketResult>`
const list: Answer = (_, response) => void response.end(LISTING)
const sized = (body: string): Answer => {
  return (_, response) => void response.writeHead(200, { 'content-length': body.length }).end(body)
}

it.for<[what: string, list: Answer, object?: Answer]>([
  ['a listing without end', (_, response) => endless(response, times(entry('a'), MEGABYTE))],
  ['a listing of what never closes', (_, response) => void response.end(times('<Contents><Key>', 60 * MEGABYTE))],
  ['errors without end', (_, response) => endless(response.writeHead(400), times('<Error>', MEGABYTE))],
  ['an object without end', list, (_, response) => endless(response, times('x', MEGABYTE))],
  ['a log entry of brackets', list, sized(times('[', 60 * MEGABYTE))],
  ['a log entry of empty lists', list, sized(`{"add":[${times('[],', 60 * MEGABYTE)}1]}`)],
  ['a log entry of empty lines', list, sized(times('{}\n', 60 * MEGABYTE))],
])(
  'an S3 server that sends %s: a named error, in bounded memory',
  { timeout: 60_000 },
  async ([what, list, object], context) => {
    const host = await httpServer((request, response) => {
      if (request.url?.includes('list-type')) list(request, response)
      else if (request.url?.includes('_last_checkpoint')) response.writeHead(404).end()
      else object?.(request, response)
    })
    const lake = `s3://lake?endpoint=http://${host}&region=us-east-1`
    await expectEnd(context, ['sql', 'select * from user', '--lake', lake], /error\[(STORE|TABLE)_\w+\]/, `S3, ${what}`)
  },
)
