import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PINTEREST } from '@millrace/testkit'
import { expect, test } from 'vitest'
import { runMillrace, temporaryFolder } from './run-millrace.ts'

const DESCRIPTION = {
  description: 'orders',
  fields: { id: { type: 'long' }, note: { type: 'text' } },
  columns: { id: { type: 'long' }, note: { type: 'string' } },
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
  writeFileSync(join(home, 'fixtures/some.jsonl'), lines(records))
  writeFileSync(join(home, 'fixtures/some.clean.jsonl'), json(clean))
  if (bad.length > 0) writeFileSync(join(home, 'fixtures/some.bad.jsonl'), json(bad))
  const args = ['test', 'orders', '--dataset-folders', folder.path]
  const [{ code, out }, asJson] = await Promise.all([runMillrace(args), runMillrace([...args, '--json'])])
  return { code, out, differences: JSON.parse(asJson.out)[0].differences }
}

const GOOD = '{"id":1,"note":"a"}'

test('the fixtures of the example pass', async () => {
  const { code, out } = await runMillrace(['test', '--dataset-folders', PINTEREST.datasets])
  expect(out).toMatch(/^\d+ passed, 0 failed$/m)
  expect(code).toBe(0)
})

test('what fits passes', async () => {
  const { code, out } = await testing([GOOD, 'no'], [{ id: 1, note: 'A' }], [{ line: 2, reason: 'not JSON' }])
  expect(out).toBe('ok     orders some: 2 records\n1 passed, 0 failed\n')
  expect(code).toBe(0)
})

test.each([
  ['another value', [GOOD], [{ id: 1, note: 'a' }], [], 'record 1, column note: "A"; expected: "a"'],
  [
    'a record that is taken',
    [GOOD],
    [],
    [{ line: 1, reason: 'not JSON' }],
    'record 1: taken; expected: rejected (not JSON)',
  ],
  ['a record that is rejected', ['no'], [], [], 'record 1: rejected (not JSON); expected: a clean row'],
  ['a row too few', [GOOD], [{ id: 1, note: 'A' }, { id: 2 }], [], 'no record gives the row {"id":2}'],
  ['a row too many', [GOOD], [], [], 'record 1: a clean row that is not expected: {"id":1,"note":"A"}'],
])('%s fails, and is said with its place', async (_, records, clean, bad, difference) => {
  const { code, out, differences } = await testing(records, clean, bad)
  expect(differences).toEqual([difference])
  expect(out).toContain(`FAILED orders some: 1 records\n       ${difference}\n`)
  expect(code).toBe(3)
})
