import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshBucket, PINTEREST, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { type Answer, endless, httpServer, MEGABYTE, times } from './hostile-server.ts'
import { openMeasuredWorkplace } from './peak.ts'

const MOST_BYTES = 700 << 20

const EMPTY_ROWS = times('[],', MEGABYTE)
const WIDE_ROW = `["${'x'.repeat(MEGABYTE)}"],`
const page = (rows: string, megabytes: number, host: string) =>
  `{"id":"1","nextUri":"http://${host}/next","columns":[{"name":"a","type":"varchar"}],"data":[${rows.repeat(megabytes)}[]]}`

withServices('s3').for<[string, (host: string) => Answer]>([
  ['a page without end', () => (_, response) => endless(response, times(' ', MEGABYTE))],
  ['a page of empty rows', (host) => (_, response) => void response.end(page(EMPTY_ROWS, 60, host))],
  ['pages of rows for ever', (host) => (_, response) => void response.end(page(WIDE_ROW, 30, host))],
  ['pages of empty rows for ever', (host) => (_, response) => void response.end(page(EMPTY_ROWS, 1, host))],
  ['brackets', () => (_, response) => void response.end(times('[', 60 * MEGABYTE))],
])(
  'a Trino server that sends %s: a named error, in bounded memory',
  { timeout: 60_000 },
  async ([what, answer], { s3, annotate, onTestFinished }) => {
    let host = ''
    host = await httpServer((request, response) => answer(host)(request, response))
    const place = await openMeasuredWorkplace(annotate, {
      MILLRACE_LAKE: `s3://${await freshBucket('lake', s3)}?endpoint=${s3.endpoint}&region=${s3.region}&pathStyle=true`,
    })
    onTestFinished(() => place.leave())
    await mkdir(join(place.folder, 'landing', 'user'), { recursive: true })
    const record = { ind: 1, first_name: 'A', last_name: 'B', age: 30, date_joined: '2016-01-01 00:00:00' }
    await writeFile(join(place.folder, 'landing', 'user', 'one.jsonl'), JSON.stringify(record))
    const args = [
      '--raw',
      'landing',
      '--datasets',
      'user',
      '--dataset-folders',
      PINTEREST.datasets,
      '--date',
      '2026-01-02',
    ]
    const { stderr } = await place.run('batch', ...args, '--engine', 'trino', '--trino', `http://a@${host}/lake`)
    expect(stderr).toMatch(/error\[(SOURCE_UNSUPPORTED|QUERY_FAILED)\]/)
    await place.expectPeakBelow(MOST_BYTES, `Trino, ${what}`)
  },
)
