import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { runMillrace, temporaryFolder } from '../run-millrace.ts'
import { layOut, readExamples } from './examples.ts'

const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())

const examples = readExamples()
layOut(folder.path, examples)

const FIND_MILLRACE = new URL('./programs/find-millrace.ts', import.meta.url).href

test('docs/library.md has examples of everything', () => {
  expect(examples.length).toBeGreaterThan(10)
})

// In the order of the document: later ones build on what earlier ones wrote.
test.each(examples.filter(({ prints }) => prints !== undefined))(
  '$name prints what docs/library.md says',
  (example) => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', FIND_MILLRACE, example.name], {
      cwd: folder.path,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    })
    expect(stdout, stderr).toBe(example.prints)
  },
)

test('the configuration file makes an own source, output and format known to the command', async () => {
  const { code, out, err } = await runMillrace(
    ['stream', '--until-caught-up', '--json', '--datasets', 'orders,paired', '--lake', './own'],
    { cwd: folder.path },
  )
  expect(code, err).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ rows: 3, quarantined: 2 })
  const database = new DatabaseSync(join(folder.path, 'orders.db'))
  const rows = (table: string) =>
    database
      .prepare(`SELECT row FROM ${table} ORDER BY row ->> '$.id'`)
      .all()
      .map(({ row }) => JSON.parse(String(row)))
  expect(rows('orders')).toMatchObject([{ id: '1' }, { id: '3' }])
  expect(rows('paired')).toMatchObject([{ id: '7' }])
  database.close()
  const shown = await runMillrace(['dev', 'paired', '--once'], { cwd: folder.path })
  expect(shown.out).toContain('paired · lines:./incoming, paired: 2 records: 1 clean, 1 rejected\n')
})

test.each([
  ['a kind that there is not', '{ sinks: {} }', /`extensions` has no sinks/],
  ['what opens nothing', '{ sources: { lines: "x" } }', /sources\.lines, which is no function/],
  ['a scheme that is taken', '{ outputs: { postgres: () => {} } }', /can't have outputs for postgres:/],
  ['a format that is none', '{ formats: [{ name: "x" }] }', /formats that are none/],
])('extensions with %s are refused', async (_, extensions, words) => {
  using other = temporaryFolder()
  writeFileSync(join(other.path, 'millrace.config.ts'), `export default { extensions: ${extensions} }`)
  const { code, err } = await runMillrace(['config'], { cwd: other.path })
  expect([code, err]).toEqual([2, expect.stringMatching(words)])
})
