import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { expect, test } from 'vitest'
import { screenLines } from '../../src/dev/screen.ts'
import { runMillrace, startMillrace, temporaryFolder } from '../run-millrace.ts'
import { SALES, SETTINGS, writeProject } from '../testing/project.ts'

function project(files: Readonly<Record<string, string | object>> = {}) {
  const folder = temporaryFolder()
  writeProject(folder.path, { ...SALES, ...files })
  return folder
}

test('shows the records of a file beside what becomes of them', async () => {
  using folder = project({ 'in.csv': 'id,price\n1,2.50\nx,1\n' })
  const { out, err } = await runMillrace(['dev', '--once', '--sample', 'in.csv'], { cwd: folder.path, env: SETTINGS })
  expect(err).toBe('')
  expect(out).toContain('sales · in.csv: 2 records: 1 clean, 1 rejected\n')
  expect(out).toContain('  {"id":1,"price":2.5}\n')
  expect(out).toContain('  rejected: wrong type in field id (dataset.json says long, and the record has "x")\n')
})

test('reads a topic as a reader of its own, and shows fixtures while there is no source', async () => {
  using folder = project()
  const surroundings = { cwd: folder.path, env: SETTINGS }
  const before = await runMillrace(['dev', '--once'], surroundings)
  expect(before.out).toContain('sales · its fixtures: 1 records: 1 clean, 0 rejected\n')
  await runMillrace(['ingest', '--count', '30'], surroundings)
  const { out } = await runMillrace(['dev', 'sales', '--once', '--records', '5'], surroundings)
  expect(out).toMatch(/^sales · embedded:\.\/data\/stream\.db, sales: 5 records: 5 clean/)
  // No progress was kept: a worker gets them all.
  const streamed = await runMillrace(['stream', '--until-caught-up', '--json'], surroundings)
  expect(JSON.parse(streamed.out)).toMatchObject({ rows: 30 })
})

test('shows messages of a binary format as what it reads of them', async () => {
  const schema = {
    type: 'record',
    name: 'Sale',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'price', type: 'string' },
    ],
  }
  const description = { ...SALES['datasets/sales/dataset.json'], format: { name: 'avro', schemas: [schema] } }
  using folder = project({ 'datasets/sales/dataset.json': description })
  const producer = await openProducer(`embedded:${join(folder.path, 'data/stream.db')}`, systemRuntime)
  await producer.send('sales', [{ value: Buffer.from('\x02\x062.5') }, { value: Buffer.from('\x02\xff') }])
  await producer.close()
  const { out } = await runMillrace(['dev', '--once'], { cwd: folder.path, env: SETTINGS })
  expect(out).toContain('record 1: {"id":1,"price":"2.5"}\n  {"id":1,"price":2.5}\n')
  expect(out).toMatch(/record 2: 0x02\w+\n {2}rejected: not Avro/)
})

test('says what is probably not meant', async () => {
  const description = {
    ...SALES['datasets/sales/dataset.json'],
    expectations: { dear: { predicate: 'price > 1000', otherwise: 'keep' } },
  }
  const files = {
    'datasets/sales/dataset.json': description,
    'datasets/sales/fixtures/usual.jsonl': '{"id":1,"prices":"2.50"}\n{"id":2,"prices":"3"}\n',
  }
  using folder = project(files)
  const { out } = await runMillrace(['dev', '--once'], { cwd: folder.path, env: SETTINGS })
  expect(out).toContain('note: The field prices of 2 of 2 records is not in dataset.json: is it price?')
  expect(out).toContain('note: The field price of dataset.json is in none of 2 records.')
  expect(out).toContain('note: The expectation dear holds for none of 2 rows: price > 1000 (otherwise: keep)')
  expect(out).toContain('note: The column price is NULL in all 2 clean rows.')
})

test('in a pipe it prints again when the SQL has changed, with the place of an error', async () => {
  using folder = project()
  const dev = startMillrace(['dev'], { cwd: folder.path, env: SETTINGS })
  let shown = ''
  let edited = false
  dev.stdout.on('data', (chunk: Buffer) => {
    shown += String(chunk)
    if (!edited && shown.includes('{"id":1,"price":2.5}\n')) {
      edited = true
      writeFileSync(join(folder.path, 'datasets/sales/clean.sql'), 'SELECT id,\n  prize AS price\nFROM raw')
    }
    if (shown.includes('  ^')) dev.kill('SIGINT')
  })
  const code = await new Promise((settle) => dev.on('close', settle))
  expect(shown).toContain(`error: data set sales: clean.sql, line 2: Binder Error: Referenced column "prize" not found`)
  expect(shown).toContain('error:   prize AS price\nerror:   ^\n')
  expect(code).toBe(130)
})

test('the screen has the records, one of them in full, and what to mend, within its size', () => {
  const records = Array.from({ length: 40 }, (_, i) => ({
    name: String(i + 1),
    raw: `{"id":${i},"note":"${'long '.repeat(40)}\u001b[31m"}`,
    outcome: { ...(i !== 7 && { row: { id: i, note: 'short' } }), failed: [], unknown: [] },
    reason: i === 7 ? 'wrong type in field id' : undefined,
  }))
  const state = { title: 'sales · a file', view: { records, problem: undefined, notes: ['Look here.'] }, chosen: 7 }
  const plain = (_: unknown, text: string) => text
  for (const size of [
    { width: 80, height: 24 },
    { width: 40, height: 8 },
    { width: 200, height: 60 },
  ]) {
    const lines = screenLines(state, size, plain)
    expect(lines.length).toBe(size.height)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(size.width)
    expect(lines.join('\n')).toBe(stripVTControlCharacters(lines.join('\n')))
    expect(lines.join('\n')).toMatch(/›\s+8/)
  }
  const wide = screenLines(state, { width: 120, height: 30 }, plain).join('\n')
  expect(wide).toContain('40 records: 39 clean, 1 rejected')
  expect(wide).toContain('wrong type in field id')
  expect(wide).toContain('! Look here.')
  const broken = { ...state, view: { records, problem: 'clean.sql, line 2: no\n  prize\n  ^', notes: [] } }
  expect(screenLines(broken, { width: 80, height: 24 }, plain).join('\n')).toContain(
    'clean.sql, line 2: no\n  prize\n  ^',
  )
})

test.each([
  ['no data set', { MILLRACE_DATASETS: 'sales,other' }, ['dev'], 'Name one: sales, other.'],
  ['too many records', {}, ['dev', '--records', '5000'], '--records takes 1 to 1000'],
])('refuses %s', async (_, env, args, words) => {
  using folder = project()
  const { code, err } = await runMillrace(args, { cwd: folder.path, env: { ...SETTINGS, ...env } })
  expect([code, err]).toEqual([2, expect.stringContaining(words)])
})
