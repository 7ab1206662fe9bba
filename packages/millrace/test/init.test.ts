import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runMillrace, temporaryFolder } from './run-millrace.ts'

/** Data sets of a clone come beside one's own, so they are named here. */
const OWN = { MILLRACE_DATASETS: 'visits' }

test('makes a project whose tests pass, whose records are all clean, and whose question is answered', async () => {
  using folder = temporaryFolder()
  const place = join(folder.path, 'My Shop')
  const env = { ...OWN, npm_config_user_agent: 'pnpm/12.0.0 npm/? node/v26.0.0' }
  const made = await runMillrace(['init', place, '--dataset', 'visits'], { cwd: folder.path, env })
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(made.out).toContain('pnpm install\n')
  const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'))
  expect(manifest).toMatchObject({ name: 'my-shop', private: true, type: 'module', scripts: { test: 'millrace test' } })
  expect(readFileSync(join(place, 'README.md'), 'utf8')).toContain('pnpm test')

  const tested = await runMillrace(['test', 'visits', 'revenue'], { cwd: place, env: OWN })
  expect(tested.out).toContain('3 passed, 0 failed')
  await runMillrace(['ingest', '--count', '100'], { cwd: place, env: OWN })
  const streamed = await runMillrace(['stream', '--until-caught-up', '--json'], { cwd: place, env: OWN })
  expect(JSON.parse(streamed.out)).toMatchObject({ rows: 100, quarantined: 0 })
  expect(await runMillrace(['batch', '--date', '2026-01-31'], { cwd: place, env: OWN })).toMatchObject({ code: 0 })
  expect(existsSync(join(place, 'reports/2026-01-31/revenue.json'))).toBe(true)
})

test('takes the whole example', async () => {
  using folder = temporaryFolder()
  const made = await runMillrace(['init', '--example', 'pinterest'], { cwd: folder.path })
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(readdirSync(join(folder.path, 'datasets')).sort()).toEqual(['geo', 'pin', 'user'])
  expect(existsSync(join(folder.path, 'questions/q8.sql'))).toBe(true)
  const config = await runMillrace(['config', '--json'], { cwd: folder.path })
  expect(JSON.parse(config.out)).toContainEqual(expect.objectContaining({ setting: 'recordPaths', value: ['pin'] }))
})

test('refuses a folder that is not empty, and changes nothing in it', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'notes.txt'), 'mine')
  const { code, err } = await runMillrace(['init'], { cwd: folder.path })
  expect(code).toBe(2)
  expect(err).toContain('is not empty: it has notes.txt')
  expect(err).toContain('millrace init my-project')
  expect(readdirSync(folder.path)).toEqual(['notes.txt'])
})

test.each([
  ['a file', ['init', 'notes.txt'], 'notes.txt is a file'],
  ['a name that is no folder', ['init', 'shop', '--dataset', '../x'], '--dataset takes a name'],
  ['an example that there is not', ['init', 'shop', '--example', 'twitter'], 'Choose one of pinterest'],
])('refuses %s', async (_, args, words) => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'notes.txt'), 'mine')
  const { code, err } = await runMillrace(args, { cwd: folder.path })
  expect([code, err]).toEqual([2, expect.stringContaining(words)])
  expect(readdirSync(folder.path)).toEqual(['notes.txt'])
})

test('goes into the folder where `npm install millrace` was called, and keeps what package.json says', async () => {
  using folder = temporaryFolder()
  const there = {
    name: 'mine',
    type: 'commonjs',
    scripts: { test: 'echo "Error: no test specified" && exit 1', lint: 'eslint' },
    dependencies: { millrace: 'file:millrace.tgz' },
  }
  writeFileSync(join(folder.path, 'package.json'), JSON.stringify(there))
  mkdirSync(join(folder.path, 'node_modules/millrace'), { recursive: true })
  const { code, out } = await runMillrace(['init'], { cwd: folder.path })
  expect(code).toBe(0)
  expect(out).not.toContain('npm install')
  expect(JSON.parse(readFileSync(join(folder.path, 'package.json'), 'utf8'))).toMatchObject({
    name: 'mine',
    type: 'module',
    scripts: { lint: 'eslint', test: 'millrace test' },
    dependencies: { millrace: 'file:millrace.tgz' },
  })
})
