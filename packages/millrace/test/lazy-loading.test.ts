import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ended, startMillrace } from './run-millrace.ts'

const LIST_IMPORTS = `--import ${new URL('./programs/list-imports.ts', import.meta.url).href}`

async function importsOf(...args: string[]): Promise<string[]> {
  const { err } = await ended(startMillrace(args, { env: { NODE_OPTIONS: LIST_IMPORTS } }))
  return err.split('\n')
}

test('--help loads no command, no schema and no engine', async () => {
  const imports = await importsOf('--help')
  expect(imports).toContain('commander')
  expect(
    imports.filter((name) => /^(zod|string-width|@duckdb|@millrace\/(?!base$))|commands\/(?!index)/.test(name)),
  ).toEqual([])
})

test.each(['stream', 'ingest', 'sql', 'config'])(
  '%s --help loads that command alone, and none of its work',
  async (name) => {
    const imports = await importsOf(name, '--help')
    expect(imports).toContain(`./${name}.ts`)
    expect(imports.filter((other) => /^(zod|string-width|@duckdb|@millrace\/(?!base$))/.test(other))).toEqual([])
  },
)

test('a worker with the embedded store loads no client for HTTP: it takes 16 MB', async () => {
  const program = fileURLToPath(new URL('programs/loads-undici.ts', import.meta.url))
  const stream = new URL('../src/commands/stream.ts', import.meta.url).href
  const packages = ['formats', 'outputs', 'stream', 'transform', 'transport'].map((name) => `@millrace/${name}`)
  const { stdout } = await promisify(execFile)(process.execPath, [program, stream, ...packages])
  expect(stdout).toBe('false')
})
