import { spawnSync } from 'node:child_process'
import { afterAll, expect, test } from 'vitest'
import { temporaryFolder } from '../run-millrace.ts'
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
