import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Writes files into a folder, by their paths; objects as JSON. */
export function writeProject(folder: string, files: Readonly<Record<string, string | object>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
}

export const SALES = {
  'datasets/sales/dataset.json': {
    description: 'What was sold',
    fields: { id: { type: 'long' }, price: { type: 'decimal(10,2)' } },
    columns: { id: { type: 'long' }, price: { type: 'decimal(10,2)' } },
  },
  'datasets/sales/clean.sql': 'SELECT id,\n  price\nFROM raw',
  'datasets/sales/fixtures/usual.jsonl': '{"id":1,"price":"2.50"}\n',
  'datasets/sales/fixtures/usual.clean.jsonl': '{"id":1,"price":2.5}\n',
  'questions/total.json': { title: 'Total', chart: { kind: 'bars', x: 'total', y: 'total' }, reads: ['large'] },
  'questions/total.sql': 'SELECT sum(price) AS total FROM large\nORDER BY total',
  'questions/large.json': { view: 'Large sales', reads: ['sales'] },
  'questions/large.sql': 'SELECT * FROM sales WHERE price > 1',
  'questions/fixtures/some/sales.jsonl': '{"id":1,"price":0.5}\n{"id":2,"price":2}\n{"id":3,"price":4}\n',
  'questions/fixtures/some/total.answer.jsonl': '{"total":"6.00"}\n',
  'questions/fixtures/some/large.answer.jsonl': '{"id":3,"price":4}\n{"id":2,"price":2}\n',
} as const

export const SETTINGS = {
  MILLRACE_DATASET_FOLDERS: 'datasets',
  MILLRACE_QUESTION_FOLDERS: 'questions',
  MILLRACE_DATASETS: 'sales',
}
