import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openPage, openShell } from './examples.ts'

it('the examples of docs/projects.md do what it says, in their order', async () => {
  // A clone has data sets of its own besides; and nothing has to be installed in it.
  const place = await openShell({ MILLRACE_DATASETS: 'orders' })
  const page = await openPage('projects.md')
  const here = { 'npx millrace': 'millrace', 'npm install': ':' }
  const shop = { ...place, folder: join(place.folder, 'shop') }
  const outputs: string[] = []
  for (const example of page.examplesOf('')) {
    const isFirst = outputs.length === 0
    const ended = await page.run(isFirst ? place : shop, example, here)
    outputs.push(ended.output)
    expect(ended, ended.output).toMatchObject({ exitCode: 0 })
    if (isFirst) await copyFile(join(place.folder, 'start.sh'), join(shop.folder, 'start.sh'))
  }
  expect(outputs[0]).toMatch(/\d+ passed, 0 failed/)
  expect(outputs[1]).toMatch(/ada +\d+\nbob +\d+/)
  expect(await readFile(join(shop.folder, 'reports/2026-01-31/report.html'), 'utf8')).toContain('Revenue of each day')
  expect(await readFile(join(shop.folder, 'results.xml'), 'utf8')).toContain('failures="0"')
  expect(outputs[3]).toContain('orders · embedded:./data/stream.db, orders: 20 records: 20 clean, 0 rejected')

  const file = join(shop.folder, 'datasets/orders/fixtures/usual.clean.jsonl')
  await writeFile(file, (await readFile(file, 'utf8')).replace('"bob"', '"BOB"'))
  const { exitCode, output } = await page.run(shop, 'millrace test orders', {})
  expect(exitCode).toBe(3)
  const text = await readFile(join(import.meta.dirname, '../../docs/projects.md'), 'utf8')
  const shown = /```text\n([\s\S]*?)2 passed/.exec(text)?.[1] ?? 'nothing'
  expect(output).toContain(shown)
})
