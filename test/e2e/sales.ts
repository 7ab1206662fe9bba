import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Workplace } from './millrace.ts'

/** A data set whose table is laid out by country and day, and sorted by id. */
export const SALE = {
  description: 'What was sold',
  fields: { id: { type: 'long' }, country: { type: 'text' }, sold: { type: 'timestamp' } },
  columns: { id: { type: 'long' }, country: { type: 'string' }, sold: { type: 'timestamp' } },
  partitionBy: ['country', 'day(sold)'],
  sortBy: ['id'],
}

/** Sales of two countries on two days, the ids in no order. */
export function salesFrom(first: number, count: number): string {
  const lines = Array.from({ length: count }, (_, i) => {
    const id = first + ((i * 7) % count)
    const day = id % 2 === 0 ? '2026-01-31T23:59:59Z' : '2026-02-01T00:00:00Z'
    return JSON.stringify({ id, country: id % 3 === 0 ? 'a b/ü' : 'no', sold: day })
  })
  return `${lines.join('\n')}\n`
}

export async function makeSales(
  place: Workplace,
  description: object = SALE,
  sql = 'SELECT id, country, sold FROM raw',
): Promise<void> {
  const folder = join(place.folder, 'mine', 'sale')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
  await writeFile(join(folder, 'clean.sql'), sql)
}

export const OF_SALES = { MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'sale' }

/** Sends sales and commits them in one batch. Returns what the worker says. */
export function addSales(place: Workplace, first: number, count: number): Promise<string> {
  return addLines(place, salesFrom(first, count))
}

/** Sends these lines of JSON and commits them in one batch. Returns what the worker says. */
export async function addLines(place: Workplace, lines: string): Promise<string> {
  await writeFile(join(place.folder, 'sales.jsonl'), lines)
  await place.run('ingest', '--from', 'sales.jsonl')
  const { exitCode, stderr } = await place.run('stream', '--until-caught-up')
  if (exitCode !== 0) throw new Error(stderr)
  return stderr
}
