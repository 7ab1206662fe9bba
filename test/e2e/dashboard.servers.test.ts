import { barriers, cells, visitDashboard, WIDE, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openWorkplace, printed } from './millrace.ts'

const it = withServices('chromium')

it("a worker's dashboard says what its metrics and its tables say, and answers the questions", async ({
  chromium,
  onTestFinished,
}) => {
  const place = await openWorkplace()
  onTestFinished(() => place.leave())
  await place.run('ingest', '--count', '3000', '--mode', 'random', '--seed', '7')
  const source = 'embedded:./data/stream.db'
  const worker = place.start('stream', '--source', source, '--every', '300ms', '--dashboard', '127.0.0.1:0')
  const url = await printed(worker, /dashboard (http:\/\/[\d.:]+)"/)
  const { page, unwanted } = await visitDashboard(chromium.url, url, WIDE, onTestFinished)
  await page.getByText('9,000 rows since it started').waitFor()
  await page.locator('#sentence', { hasText: 'caught up' }).waitFor()
  const rows = async () => Object.values(await cells(page, 'Data sets')).map(({ Rows }) => Rows)
  await expect.poll(rows, { timeout: 30_000 }).toEqual(['3,000', '3,000', '3,000'])
  const scraped = await (await fetch(`${url}/metrics`)).text()
  for (const dataset of ['pin', 'geo', 'user']) {
    expect(scraped).toContain(`millrace_committed_rows_total{dataset="${dataset}"} 3000\n`)
    expect(await place.sql(`select count(*) as n from "${dataset}"`)).toEqual([{ n: 3000 }])
  }
  await expect.poll(() => page.locator('.answer').count(), { timeout: 90_000 }).toBe(10)
  expect(await barriers(page)).toEqual([])
  expect(unwanted).toEqual([])
})
