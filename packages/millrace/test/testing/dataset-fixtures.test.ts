import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PINTEREST } from '@millrace/testkit'
import { expect, test } from 'vitest'
import { runMillrace, temporaryFolder } from '../run-millrace.ts'

const DESCRIPTION = {
  description: 'orders',
  fields: { id: { type: 'long' }, note: { type: 'text' } },
  columns: { id: { type: 'long' }, note: { type: 'string' } },
  expectations: { positive: { predicate: 'id > 0', otherwise: 'quarantine' } },
}

/** A data set with one fixture. */
async function testing(records: readonly string[], clean: readonly object[], bad: readonly object[] = []) {
  using folder = temporaryFolder()
  const home = join(folder.path, 'orders')
  mkdirSync(join(home, 'fixtures'), { recursive: true })
  const lines = (values: readonly string[]) => values.map((value) => `${value}\n`).join('')
  const json = (values: readonly object[]) => lines(values.map((value) => JSON.stringify(value)))
  writeFileSync(join(home, 'dataset.json'), JSON.stringify(DESCRIPTION))
  writeFileSync(join(home, 'clean.sql'), 'select id, upper(note) as note from raw')
  writeFileSync(join(home, 'fixtures/usual.jsonl'), lines(records))
  writeFileSync(join(home, 'fixtures/usual.clean.jsonl'), json(clean))
  if (bad.length > 0) writeFileSync(join(home, 'fixtures/usual.bad.jsonl'), json(bad))
  const args = ['test', 'orders', '--dataset-folders', folder.path]
  const [{ code, out }, asJson] = await Promise.all([runMillrace(args), runMillrace([...args, '--json'])])
  return { code, out, result: JSON.parse(asJson.out)[0] }
}

const GOOD = '{"id":1,"note":"a"}'

test('the fixtures of the example pass', async () => {
  const { code, out } = await runMillrace(['test', '--dataset-folders', PINTEREST.datasets])
  expect(out).toMatch(/^\d+ passed, 0 failed$/m)
  expect(code).toBe(0)
})

test('what fits passes', async () => {
  const { code, out } = await testing([GOOD, 'no'], [{ id: 1, note: 'A' }], [{ line: 2, reason: 'not JSON' }])
  expect(out).toBe('ok      orders usual: 2 records\n1 passed, 0 failed\n')
  expect(code).toBe(0)
})

test('what differs is shown with its record, its column, and what the data set says of it', async () => {
  const records = [GOOD, '{"id":"x"}', '{"id":3,"note":"c"}', '{"id":-4}']
  const { code, out, result } = await testing(records, [{ id: 1, note: 'a' }, { id: 2 }, { id: 3, note: 'C' }])
  expect(out).toBe(`FAILED  orders usual: 4 records
    record 1
      {"id":1,"note":"a"}
      column note
        expected  "a"
        got       "A"
    record 2
      {"id":"x"}
        expected  {"id":2}
        got       rejected: wrong type in field id (dataset.json says long, and the record has "x")
    record 4
      {"id":-4}
        expected  a clean row
        got       rejected: expectation positive failed (id > 0)
0 passed, 1 failed
Where what came is right, millrace test --update writes it into the fixtures.
`)
  expect(result.differences[0]).toEqual({ record: 1, raw: GOOD, column: 'note', expected: '"a"', got: '"A"' })
  expect(code).toBe(3)
})

test.each([
  [
    'a row that no record gives',
    [GOOD],
    [{ id: 1, note: 'A' }, { id: 9 }],
    [],
    ['{"id":9}', 'no record gives this row'],
  ],
  [
    'a record that is taken',
    [GOOD],
    [],
    [{ line: 1, reason: 'not JSON' }],
    ['rejected: not JSON', 'a clean row: {"id":1,"note":"A"}'],
  ],
  ['a row too many', [GOOD], [], [{ line: 2, reason: '' }], ['no row', '{"id":1,"note":"A"}']],
  ['a column that there is not', [GOOD], [{ id: 1, note: 'A', price: 2 }], [], ['2', 'there is no such column']],
])('%s fails', async (_, records, clean, bad, [expected, got]) => {
  const { code, result } = await testing(records, clean, bad)
  expect(result.differences).toMatchObject([{ expected, got }])
  expect(code).toBe(3)
})
