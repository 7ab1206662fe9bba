import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runTests } from '../../src/testing/run.ts'
import { runMillrace, temporaryFolder } from '../run-millrace.ts'
import { SALES, SETTINGS, writeProject } from './project.ts'

async function tested(files: Readonly<Record<string, string | object>>, ...args: string[]) {
  const folder = temporaryFolder()
  writeProject(folder.path, { ...SALES, ...files })
  const ended = await runMillrace(['test', ...args], { cwd: folder.path, env: SETTINGS })
  return { ...ended, read: (path: string) => readFileSync(join(folder.path, path), 'utf8'), ...folder }
}

test('data sets, questions and views are tested by their fixtures', async () => {
  using run = await tested({})
  expect(run).toMatchObject({ code: 0, err: '' })
  expect(run.out).toBe(`ok      sales usual: 1 record
ok      question total some: 3 rows
ok      view large some: 3 rows
3 passed, 0 failed
`)
})

test('a row of an answer that differs is said with its column; rows of a view have no order', async () => {
  using run = await tested({
    'questions/fixtures/some/total.answer.jsonl': '{"total":"7.00"}\n',
    'questions/fixtures/some/large.answer.jsonl': '{"id":2,"price":2}\n',
  })
  expect(run.code).toBe(3)
  expect(run.out).toContain(`FAILED  question total some: 3 rows
    row 1
      column total
        expected  "7.00"
        got       "6.00"
FAILED  view large some: 3 rows
    row 2
        expected  no row
        got       {"id":3,"price":4}
`)
})

test.each([
  [
    'SQL',
    { 'datasets/sales/clean.sql': 'SELECT id,\n  prize AS price\nFROM raw' },
    /clean\.sql, line 2: .*"prize" not found.*\n {2}prize AS price\n {2}\^/,
  ],
  [
    'a parser error',
    { 'datasets/sales/clean.sql': 'SELECT id,, price\nFROM raw' },
    /clean\.sql, line 1: .*syntax error/,
  ],
  [
    'a column that clean.sql lacks',
    { 'datasets/sales/clean.sql': 'SELECT id FROM raw' },
    /clean\.sql gives no column "price", which dataset\.json has under "columns"; it gives id/,
  ],
  [
    'a type that there is not',
    { 'datasets/sales/dataset.json': { ...SALES['datasets/sales/dataset.json'], fields: { id: { type: 'number' } } } },
    /datasets\/sales\/dataset\.json: .*fields\.id\.type/s,
  ],
  ['JSON', { 'datasets/sales/dataset.json': '{\n  "fields": }' }, /dataset\.json is not JSON: .*'}'/],
  [
    'a fixture',
    { 'datasets/sales/fixtures/usual.clean.jsonl': '{"id":1,}\n' },
    /fixtures\/usual\.clean\.jsonl, line 1 is not JSON/,
  ],
  [
    'SQL of a question',
    { 'questions/total.sql': 'SELECT sum(prize) AS total\nFROM large\nORDER BY total' },
    /"prize" not found[\s\S]*total\.sql, line 1: SELECT sum\(prize\)/,
  ],
  [
    'a table that there is not',
    { 'questions/fixtures/some/sail.jsonl': '' },
    /some\/sail\.jsonl: there is no data set sail/,
  ],
  [
    'a column of a table that there is not',
    { 'questions/fixtures/some/sales.jsonl': '{"id":1,"prize":2}\n' },
    /some\/sales\.jsonl, line 1: there is no column prize; there are id, price/,
  ],
  [
    'an answer to no question',
    { 'questions/fixtures/some/totals.answer.jsonl': '' },
    /there is no question or view totals/,
  ],
])('%s that is wrong fails with its place, and the others run all the same', async (_, files, words) => {
  using folder = temporaryFolder()
  writeProject(folder.path, { ...SALES, ...files })
  const folders = { datasetFolders: [join(folder.path, 'datasets')], questionFolders: [join(folder.path, 'questions')] }
  const results = await runTests({ ...folders, datasets: ['sales'], only: [], update: false })
  expect(results.map(({ problem }) => problem).join('\n')).toMatch(words)
  expect(results.length).toBeGreaterThan(1)
})

test('fixtures have messages of several records, what a source knows of a message, and changes of a keyed table', async () => {
  using folder = temporaryFolder()
  const description = {
    description: 'Stock',
    fields: { id: { type: 'long' }, gone: { type: 'boolean' } },
    metadata: { message_key: 'key', sent: 'header:sent', spot: 'offset' },
    columns: {
      id: { type: 'long' },
      note: { type: 'string' },
      gone: { type: 'boolean', keep: false },
    },
    mode: 'upsert',
    key: ['id'],
    deleteWhen: 'gone',
  }
  writeProject(folder.path, {
    'datasets/stock/dataset.json': description,
    'datasets/stock/clean.sql': "SELECT id, concat_ws(' ', message_key, sent, spot) AS note, gone FROM raw",
    'datasets/stock/fixtures/some.jsonl': '{"id":1}\n[{"id":2},{"id":"x"},{"id":3,"gone":true}]\n',
    'datasets/stock/fixtures/some.meta.jsonl': '{"key":"k","headers":{"sent":"today"},"offset":7}\n{"key":"list"}\n',
    'datasets/stock/fixtures/some.clean.jsonl':
      '{"id":1,"note":"k today 7"}\n{"id":2,"note":"list"}\n{"id":3,"note":"list","gone":true,"millrace_deleted":true}\n',
    'datasets/stock/fixtures/some.bad.jsonl': '{"line":2,"reason":"wrong type in field id"}\n',
  })
  const plan = { datasetFolders: [join(folder.path, 'datasets')], questionFolders: [], only: [], update: false }
  const expected = { name: 'stock', fixture: 'some', records: 2, differences: [] }
  const [result] = await runTests({ ...plan, datasets: ['stock'] })
  expect(result?.problem).toBe(undefined)
  expect(result).toMatchObject(expected)
})

test('--update accepts what comes, and writes what was never expected', async () => {
  using run = await tested(
    {
      'datasets/sales/fixtures/new.jsonl': '{"id":7,"price":"1"}\nno\n',
      'questions/fixtures/other/sales.jsonl': '{"id":1,"price":9}\n',
      'questions/fixtures/some/total.answer.jsonl': '{"total":"7.00"}\n',
    },
    '--update',
  )
  expect(run).toMatchObject({ code: 0, err: '' })
  expect(run.read('datasets/sales/fixtures/new.clean.jsonl')).toBe('{"id":7,"price":1}\n')
  expect(run.read('datasets/sales/fixtures/new.bad.jsonl')).toBe('{"line":2,"reason":"not JSON"}\n')
  expect(run.read('questions/fixtures/other/total.answer.jsonl')).toBe('{"total":"9.00"}\n')
  expect(run.read('questions/fixtures/some/total.answer.jsonl')).toBe('{"total":"6.00"}\n')
  const again = await runMillrace(['test'], { cwd: run.path, env: SETTINGS })
  expect(again.out).toContain('6 passed, 0 failed\n')
})

test('records of which nothing is expected yet fail with what to do', async () => {
  using run = await tested({ 'datasets/sales/fixtures/new.jsonl': '{"id":7,"price":"1"}\n' }, 'sales')
  expect(run.code).toBe(3)
  expect(run.out).toContain('nothing is expected of fixtures/new.jsonl: there is no new.clean.jsonl')
})

test('names choose; one that nothing has is refused', async () => {
  using run = await tested({}, 'total')
  expect(run.out).toBe('ok      question total some: 3 rows\n1 passed, 0 failed\n')
  const other = await runMillrace(['test', 'totl'], { cwd: run.path, env: SETTINGS })
  expect(other).toMatchObject({ code: 2, err: expect.stringContaining('sales') })
})

test('a build server gets JUnit', async () => {
  const files = { 'datasets/sales/fixtures/usual.clean.jsonl': '{"id":1,"price":"<\\u001b"}\n' }
  using run = await tested(files, '--junit', 'results.xml')
  const xml = run.read('results.xml')
  expect(xml).toContain('<testsuites tests="3" failures="1">')
  expect(xml).toContain('<testcase classname="data set sales" name="usual">')
  expect(xml).toContain('<failure message="record 1, column price: expected &quot;&lt;\\u001b&quot;, got 2.5">')
})
