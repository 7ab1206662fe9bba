import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EVERY_TYPE } from '@millrace/testkit'
import { openWorkplace, type Workplace } from './millrace.ts'

/** Runs some work where the records of `every-type.jsonl` have come into the table `order`. */
export async function withOrders(work: (place: Workplace, table: string) => Promise<void>): Promise<void> {
  const place = await openWorkplace({ MILLRACE_DATASET_FOLDERS: EVERY_TYPE, MILLRACE_DATASETS: 'order' })
  try {
    await copyFile(join(EVERY_TYPE, 'order', 'fixtures', 'every-type.jsonl'), join(place.folder, 'orders.jsonl'))
    await place.run('ingest', '--from', 'orders.jsonl')
    const { exitCode, stderr } = await place.run('stream', '--until-caught-up')
    if (exitCode !== 0) throw new Error(stderr)
    await work(place, join(place.folder, 'lake', 'order'))
  } finally {
    await place.leave()
  }
}

/** The same for every engine: each type as text, or a part of it. */
export const EXACT = [
  { id: 7, total: '12.50', balance: null, day: '2024-02-29', pieces: 2, lines: '2', gift: 'yes' },
  { id: 9, total: null, balance: null, day: null, pieces: null, lines: null, gift: null },
  { id: 10, total: '100.00', balance: '123456789012345.000000', day: null, pieces: null, lines: null, gift: null },
  { id: 11, total: '100.00', balance: '12345678901.234500', day: null, pieces: null, lines: null, gift: null },
  {
    id: 12,
    total: null,
    balance: '12345678901234567890123456789012.345678',
    day: null,
    pieces: null,
    lines: null,
    gift: null,
  },
  { id: 108, total: '-99999999.99', balance: null, day: '0001-01-01', pieces: null, lines: null, gift: null },
]
