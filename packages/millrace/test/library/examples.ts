import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const DOCUMENT = new URL('../../../../docs/library.md', import.meta.url)

/** An example of docs/library.md: a file, and what it prints if the document says so. */
export interface Example {
  readonly name: string
  readonly code: string
  readonly prints: string | undefined
}

export function readExamples(): Example[] {
  const text = readFileSync(DOCUMENT, 'utf8')
  const blocks = text.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)```)?/g)
  return [...blocks].map(([, name = '', code = '', prints]) => ({ name, code, prints }))
}

const INCOMING = [
  '{"id":1,"price":"9.90","time":"2026-01-31T12:00:00Z","client":"Ada"}',
  'oh no',
  '{"id":3,"price":"5.00","time":"2026-01-31T13:00:00Z","client":"Eve"}',
]

const DESCRIPTION = {
  description: 'orders',
  fields: {
    id: { type: 'long' },
    price: { type: 'decimal(10,2)' },
    time: { type: 'timestamp' },
    customer: { type: 'text' },
  },
  columns: { id: { type: 'long' }, price: { type: 'decimal(10,2)' } },
}

const QUESTION = { title: 'How much?', chart: { kind: 'bars', x: 'id', y: 'price' }, reads: ['orders'] }

/** Lays the examples into a folder, with the files that they speak of. */
export function layOut(folder: string, examples: readonly Example[]): void {
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const { name, code } of examples) write(name, code)
  write('package.json', JSON.stringify({ private: true, type: 'module' }))
  write('incoming/orders.jsonl', INCOMING.map((line) => `${line}\n`).join(''))
  write('datasets/orders/dataset.json', JSON.stringify(DESCRIPTION))
  write('datasets/orders/clean.sql', 'select id, price from raw')
  write('datasets/paired/dataset.json', JSON.stringify({ ...DESCRIPTION, format: 'pairs' }))
  write('datasets/paired/clean.sql', 'select id, price from raw')
  write('incoming/paired.txt', 'id=7 price=1.50\nno pairs\n')
  write('questions/q1.json', JSON.stringify(QUESTION))
  write('questions/q1.sql', 'SELECT id, CAST(price AS DOUBLE) AS price\nFROM orders\nORDER BY id')
}
