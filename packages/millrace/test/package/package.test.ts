import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, expect, test } from 'vitest'
import { apiReport } from '../../build/api-report.ts'
import { BUNDLED, type BundledPackage } from '../../build/bundled.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { buildPackage, PACKAGE_FOLDER, pack } from './built-package.ts'

const built = buildPackage()
const work = mkdtempSync(join(tmpdir(), 'millrace-built-'))
afterAll(() => {
  built[Symbol.dispose]()
  rmSync(work, { recursive: true, force: true })
})

const filesOf = (pattern: string) =>
  globSync(pattern, { cwd: built.folder }).map((path) => ({
    path,
    code: readFileSync(join(built.folder, path), 'utf8'),
  }))
const chunks = filesOf('dist/**/*.js')
const types = filesOf('dist/**/*.d.ts')

/** Starts the built command in an empty folder, without the settings of whoever runs the tests. */
function millrace(...args: string[]) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_')))
  return spawn(process.execPath, [join(built.folder, 'dist/main.js'), ...args], { cwd: work, env })
}

const LIST_IMPORTS = new URL('../programs/list-imports.ts', import.meta.url).href

const APPEND_AND_READ = `
const lake = await millrace.openLake('./delta-alone')
const table = await lake.createTable('t', { columns: { a: 'long' } })
await table.append([{ a: 1 }])
await table.read()
await table.history()
await lake.close()
`

/** As the bundler prints them. */
const IMPORTS =
  /^(?:import|export) (?:.* from )?"([^".][^"]*)";$|\bimport\("([^".][^"]*)"\)|(?:__require|createRequire\(import\.meta\.url\))\("([^"]+)"\)/gm

test('package.json names what the package imports, and nothing else', () => {
  const imported = [...chunks, ...types].flatMap(({ code }) =>
    [...code.matchAll(IMPORTS)].map(([, ...names]) => names.find((name) => name !== undefined) ?? ''),
  )
  const packages = imported
    .filter((name) => !isBuiltin(name))
    .map((name) => (name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : name.split('/')[0]))
  const named = { ...packageJson.dependencies, ...packageJson.peerDependencies }
  expect([...new Set(packages)].sort()).toEqual(Object.keys(named).sort())
})

test('its ranges begin with the versions that the tests run with', () => {
  const installed = Object.keys(packageJson.dependencies).map((name) => {
    const { version } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'node_modules', name, 'package.json'), 'utf8'))
    return [name, version]
  })
  const lowest = Object.entries(packageJson.dependencies).map(([name, range]) => [name, range.slice(1)])
  expect(installed).toEqual(lowest)
})

test('the licences of all that is bundled are in it', () => {
  const inDist = (name: string) => readFileSync(join(built.folder, 'dist', name), 'utf8')
  const bundled = (JSON.parse(inDist('bundled.json')) as BundledPackage[]).map(({ name }) => name)
  const inThePage = ['@fontsource-variable/inter', 'preact', 'uplot']
  expect(bundled).toEqual([...BUNDLED, ...inThePage].sort())
  for (const name of bundled) expect(inDist('THIRD-PARTY-LICENSES.txt')).toContain(`\n${name} `)
})

test('api.md says what it exports', () => {
  const report = apiReport(join(built.folder, 'dist'))
  expect(readFileSync(join(PACKAGE_FOLDER, 'api.md'), 'utf8'), 'Run `pnpm --filter millrace api`.').toBe(report)
})

test("its types need nothing but what package.json names, and Node's", () => {
  const imported = types.flatMap(({ code }) => [...code.matchAll(/from "([^".][^"]*)"/g)].map(([, name = '']) => name))
  expect(
    imported.filter((name) => !isBuiltin(name) && !(name in packageJson.dependencies) && name !== 'vitest'),
  ).toEqual([])
})

test.each([
  ['millrace', /^(?:@aws-sdk|@smithy|@platformatic|@duckdb|apache-arrow|fastify|mysql2|pino)/],
  [
    'millrace/delta',
    /^(?:@aws-sdk|@smithy|@platformatic|fastify|mysql2|pino|aws-msk|(?:node:)?(?:http|https|http2|tls)$)/,
  ],
])('what is loaded for %s', async (entry, never) => {
  const use = entry.endsWith('delta') ? APPEND_AND_READ : ''
  const path = join(built.folder, packageJson.exports[entry === 'millrace' ? '.' : './delta'].default)
  const program = join(work, 'use.mjs')
  writeFileSync(program, `const millrace = await import(${JSON.stringify(path)})\n${use}`)
  const child = spawn(process.execPath, ['--import', LIST_IMPORTS, program], { cwd: work })
  const [loaded, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect(code, loaded).toBe(0)
  expect(loaded.split('\n').filter((name) => never.test(name))).toEqual([])
})

test('it holds no path of the machine that built it, and runs no script when it is installed', () => {
  for (const { path, code } of chunks) expect([path, code.includes(PACKAGE_FOLDER)]).toEqual([path, false])
  expect(Object.keys(packageJson.scripts).filter((name) => /install|^prepare$/.test(name))).toEqual([])
})

test('publint and arethetypeswrong find nothing', async () => {
  const tarball = new Uint8Array(readFileSync(pack(built.folder)))
  const { messages } = await publint({ pack: { tarball: tarball.buffer }, strict: true })
  expect(messages.map((message) => formatMessage(message, packageJson))).toEqual([])
  const { problems } = (await checkPackage(createPackageFromTarballData(tarball))) as {
    readonly problems: readonly { readonly kind: string; readonly resolutionKind?: string }[]
  }
  // The package is ESM alone: what `require` of a CommonJS file gets is no fault of it, nor what Node 10 would see.
  expect(
    problems.filter(({ kind, resolutionKind }) => kind !== 'CJSResolvesToESM' && resolutionKind !== 'node10'),
  ).toEqual([])
})

test('with nothing configured it streams the example: dashboard, worker threads, generators, engine', async () => {
  const worker = millrace('stream', '--dashboard', '127.0.0.1:0')
  const ended = once(worker, 'close')
  const lines: Record<string, unknown>[] = []
  const committed = new Set<unknown>()
  const reading = createInterface(worker.stderr).on('line', (line) => {
    lines.push(JSON.parse(line))
    if (lines.at(-1)?.event === 'committed') committed.add(lines.at(-1)?.dataset)
    if (committed.size === 3) reading.emit('committed')
  })
  await Promise.race([once(reading, 'committed'), ended])
  const dashboard = lines.map(({ msg }) => /^dashboard (http.*)$/.exec(String(msg))?.[1]).find(Boolean) ?? ''
  const page = await (await fetch(dashboard)).text()
  const files = [...page.matchAll(/"\.?\/?([\w/-]+\.(?:ts|js|css|woff2))"/g)].map(([, path = '']) => path)
  expect(files).toEqual(expect.arrayContaining(['page/main.ts', 'vendor/preact.js', 'vendor/uplot.css']))
  for (const path of files) {
    const { status, headers } = await fetch(new URL(path, dashboard))
    expect([path, status, headers.get('content-type')]).toEqual([
      path,
      200,
      expect.stringMatching(/javascript|css|font/),
    ])
  }
  worker.stdout.resume()
  worker.kill('SIGINT')
  expect(await ended).toEqual([130, null])

  const sql = millrace('sql', 'select count(*) > 0 as some from pin', '--format', 'json')
  expect(JSON.parse(await text(sql.stdout))).toEqual([{ some: true }])
})

test('the report of a daily run finds its page', async () => {
  const batch = millrace('batch', '--date', '2026-01-31')
  expect(await Promise.all([text(batch.stderr), once(batch, 'exit')])).toMatchObject([expect.anything(), [0, null]])
  expect(readFileSync(join(work, 'reports/2026-01-31/report.html'), 'utf8')).toContain('<style>')
})
