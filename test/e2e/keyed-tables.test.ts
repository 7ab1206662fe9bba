import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openPage, openShell } from './examples.ts'

const DATASET = 'datasets/price'

it('the history of docs/keyed-tables.md is what the page shows', async () => {
  const place = await openShell({ MILLRACE_DATASETS: 'price', MILLRACE_DATASET_FOLDERS: 'datasets' })
  const text = await readFile(join(import.meta.dirname, '../../docs/keyed-tables.md'), 'utf8')
  const block = (language: string, start: string) =>
    new RegExp(`\`\`\`${language}\n(${start}[\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? ''
  await mkdir(join(place.folder, DATASET), { recursive: true })
  await writeFile(join(place.folder, DATASET, 'dataset.json'), block('json', '{'))
  await writeFile(join(place.folder, DATASET, 'clean.sql'), block('sql', 'SELECT'))
  await writeFile(join(place.folder, 'prices.jsonl'), block('text', '{'))
  const page = await openPage('keyed-tables.md')
  const [fills = '', asks = ''] = page.examplesOf('millrace ')
  const filled = await page.run(place, fills, {})
  expect(filled, filled.output).toMatchObject({ exitCode: 0 })
  expect(filled.output).toContain(block('text', 'price').trimEnd())
  const asked = await page.run(place, asks, {})
  expect(asked.output).toMatch(/tea +2\.80/)
})
