import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ended, openWorkplace, type Workplace } from './millrace.ts'

const SALE = {
  description: 'What was sold',
  fields: { id: { type: 'long' }, price: { type: 'double' } },
  columns: { id: { type: 'long' }, cents: { type: 'long', comment: 'The price' } },
  expectations: { positive: { predicate: 'cents > 0', otherwise: 'quarantine' } },
}

const LARGEST = {
  title: 'The largest sales',
  chart: { kind: 'bars', x: 'id', y: 'cents' },
  reads: ['sale'],
}

async function withSales(work: (place: Workplace, folder: string) => Promise<void>): Promise<void> {
  const place = await openWorkplace({
    MILLRACE_DATASET_FOLDERS: 'mine',
    MILLRACE_QUESTION_FOLDERS: 'asked',
    MILLRACE_DATASETS: 'sale',
  })
  try {
    const folder = join(place.folder, 'mine', 'sale')
    await Promise.all([mkdir(folder, { recursive: true }), mkdir(join(place.folder, 'asked'))])
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(SALE))
    await writeFile(join(folder, 'clean.sql'), 'SELECT id, CAST(round(price * 100) AS BIGINT) AS cents FROM raw')
    await writeFile(join(place.folder, 'asked', 'largest.json'), JSON.stringify(LARGEST))
    await writeFile(
      join(place.folder, 'asked', 'largest.sql'),
      'SELECT id, cents FROM sale WHERE cents > 100\nORDER BY id',
    )
    await work(place, folder)
  } finally {
    await place.leave()
  }
}

it("a folder is a data set of one's own, two files a question, from the source to SQL, files and report", () =>
  withSales(async (place) => {
    const sales = ['{"id":1,"price":1.5}', '{"id":2,"price":-1}', '{"id":3,"price":0.1}', '{"id":4,"price":9}']
    await writeFile(join(place.folder, 'sales.jsonl'), `${sales.join('\n')}\n`)
    await place.run('ingest', '--from', 'sales.jsonl')
    expect(await place.run('stream', '--until-caught-up', '--json')).toMatchObject({ exitCode: 0 })
    expect(await place.sql('select * from sale order by id')).toEqual([
      { id: 1, cents: 150 },
      { id: 3, cents: 10 },
      { id: 4, cents: 900 },
    ])
    expect(await place.sql('select reason from sale_quarantine')).toEqual([{ reason: 'expectation positive failed' }])

    expect(await place.run('batch', '--date', '2026-01-31')).toMatchObject({ exitCode: 0 })
    const answer = [
      { id: 1, cents: 150 },
      { id: 4, cents: 900 },
    ]
    expect(await place.sql('select * from batch.largest order by id')).toEqual(answer)
    const file = (name: string) => readFile(join(place.folder, 'reports', '2026-01-31', name), 'utf8')
    expect(JSON.parse(await file('largest.json'))).toEqual(answer)
    expect(await file('report.html')).toContain('The largest sales')

    const fromRaw = ['--lake', 'raw', '--out', 'raw-out', '--date', '2026-01-31']
    const tooMany = await place.run('batch', ...fromRaw, '--raw', 'sales.jsonl')
    expect(tooMany).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/MANY_REJECTED.*sale.*--max-refused/s) })
    const accepted = await place.run('batch', ...fromRaw, '--raw', 'sales.jsonl', '--max-refused', '25%')
    expect(accepted).toMatchObject({ exitCode: 0 })
    const listed = await place.run('quarantine', 'list', '--lake', 'raw', '--json')
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { table: 'batch/sale', topic: 'sales.jsonl', offset: '2', reason: 'expectation positive failed', state: 'bad' },
    ])
  }))

it('a data set without a generator gets records made up from its fields, one with a generator those that it makes', () =>
  withSales(async (place, folder) => {
    const made = async (...more: string[]) => {
      // A process loads the generator that is there when it starts.
      const { exitCode, stdout } = await ended(place.start('ingest', '--to', 'console', '--mode', 'all', ...more))
      expect(exitCode).toBe(0)
      return stdout
    }
    const fields = { ...SALE.fields, cost: { type: 'decimal(4,2)' }, day: { type: 'date' } }
    await writeFile(join(folder, 'dataset.json'), JSON.stringify({ ...SALE, fields }))
    const lines = (await made('--count', '50', '--seed', '3')).trim().split('\n')
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(records.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(new Set(records.map(({ price }) => typeof price))).toEqual(new Set(['number']))
    for (const { cost, day } of records) {
      expect(String(cost)).toMatch(/^\d{1,2}(\.\d{1,2})?$/)
      expect(day).toMatch(/^202\d-\d\d-\d\d$/)
    }
    expect(await made('--count', '50', '--seed', '3')).toBe(`${lines.join('\n')}\n`)

    await writeFile(
      join(folder, 'generator.js'),
      `export function createGenerator(seed) {
        return {
          usualBytes: 32,
          write(page, record) {
            page.at += Buffer.from(page.bytes.buffer, page.bytes.byteOffset).write(JSON.stringify({ id: seed + record }), page.at)
            page.ends.push(page.at)
            page.bytes[page.at++] = 10
          },
        }
      }`,
    )
    expect(await made('--count', '2', '--seed', '40')).toBe('{"id":40}\n{"id":41}\n')

    const large = 'x'.repeat(20_000)
    await writeFile(
      join(folder, 'generator.js'),
      `export const createRecords = (seed) => (record) => ({ id: seed + record, note: 'x'.repeat(20_000) })`,
    )
    expect(await made('--count', '2', '--seed', '40')).toBe(
      `{"id":40,"note":"${large}"}\n{"id":41,"note":"${large}"}\n`,
    )
  }))
