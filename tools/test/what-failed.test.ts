import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('of a red test run it says which tests failed, which file did not load, and how each error begins', () => {
  const log = logOfTestRun({
    'red.test.ts': `
      describe('sums', () => test('are right', () => { expect(1 + 1).toBe(3) }))
      test('passes', () => {})`,
    'broken.test.ts': `throw new Error('no such table')`,
  })

  const said = whatFailed(log)

  expect(said).toMatch(/FAIL .*red\.test\.ts > sums > are right\n.*expected 2 to be 3/)
  expect(said).toMatch(/FAIL .*broken\.test\.ts.*\n.*no such table/)
  expect(said).not.toContain('passes')
})

test('of many failures it says their names, and how many are left', () => {
  const log = logOfTestRun({
    'many.test.ts': `test.each(Array.from({ length: 60 }, (_, i) => i))('number %i', (i) => { expect(i).toBe(-1) })`,
  })

  const said = whatFailed(log).trimEnd().split('\n')

  expect(said).toHaveLength(41)
  expect(said[39]).toContain('number 39')
  expect(said[40]).toBe('  and 20 more')
})

test('of any other red stage it says the end', () => {
  const log = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n')

  expect(whatFailed(log).trimEnd().split('\n').at(-1)).toBe('  line 99')
})

function logOfTestRun(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const options = ['run', '--globals', '--root', folder]
  const run = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...options], {
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '1' },
  })
  return run.stdout + run.stderr
}

function whatFailed(log: string): string {
  const file = join(temporaryFolder(), 'log')
  writeFileSync(file, log)
  return spawnSync(join(ROOT, '.ci/what-failed'), [file], { encoding: 'utf8' }).stdout
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'what-failed-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}
