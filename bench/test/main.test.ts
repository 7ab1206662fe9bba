import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, test } from 'vitest'
import { BENCH, benchmarkNames, contestantsOf, loadBenchmark } from '../src/listing.ts'
import type { BenchResult } from '../src/results.ts'

const bench = (...args: string[]) =>
  spawnSync(process.execPath, [join(BENCH, 'src/main.ts'), ...args], { encoding: 'utf8' })

it.each(benchmarkNames())('%s has its reference among its contestants, and each says what it is', async (name) => {
  const { reference } = await loadBenchmark(name)
  const contestants = contestantsOf(name)
  expect(contestants.map((contestant) => contestant.name)).toContain(reference)
  for (const { path, about } of contestants) {
    expect((await readFile(path, 'utf8')).split('\n')[0]).toMatch(/^(\/\/|#) /)
    expect(about.length).toBeGreaterThan(10)
  }
})

/** CPU time and memory come out of /proc. */
const onLinux = test.runIf(process.platform === 'linux')

onLinux('runs the thin path: equal rows in ours and in bare DuckDB, a table and a file of figures', async () => {
  const { status, stdout, stderr } = bench('thin-path', '--size', '500', '--runs', '1', '--only', 'duckdb,millrace')
  expect(stderr).toContain('round 1 of 1, millrace')
  expect(status).toBe(0)
  expect(stdout).toMatch(/\| \*\*millrace\*\*: .*\|/)
  const result = JSON.parse(await readFile(join(BENCH, 'results/thin-path-500.json'), 'utf8')) as BenchResult
  expect(result.cases[0]?.contestants.map(({ runs }) => runs.length)).toEqual([1, 1])
})

onLinux.each([
  ['clean-pin', 'duckdb,json-parse,millrace'],
  ['delta-append', 'millrace'],
  ['delta-open', 'millrace'],
  ['delta-optimize', 'millrace'],
  ['scaling', 'commit,records'],
])('%s runs, at a small size', (name, only) => {
  expect(bench(name, '--size', '20', '--runs', '1', '--only', only)).toMatchObject({ status: 0 })
})

it('refuses a name that it does not know, and lists those it does', () => {
  expect(bench('thin-pth')).toMatchObject({ status: 2, stderr: expect.stringContaining('thin-path') })
  expect(bench('thin-path', '--quick')).toMatchObject({ status: 2, stderr: expect.stringContaining('no name') })
  expect(bench()).toMatchObject({ status: 0, stdout: expect.stringContaining('thin-path') })
})
