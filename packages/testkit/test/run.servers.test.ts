import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder, withServices } from '../src/index.ts'
import { alive, descendants } from '../src/services/processes.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const PROGRAM = fileURLToPath(new URL('programs/test-run.ts', import.meta.url))
const OUTCOMES = fileURLToPath(new URL('nested/outcomes.nested.ts', import.meta.url))
const ENDLESS = fileURLToPath(new URL('nested/endless.nested.ts', import.meta.url))

/** A test run inside this one. */
function testRun(file: string, env: Record<string, string>): ChildProcess {
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))
  const child = spawn(process.execPath, [PROGRAM, file], {
    cwd: ROOT,
    env: { ...Object.fromEntries(outside), NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

describe('the last lines of a run', () => {
  async function lastLines(count: number, env: Record<string, string>): Promise<string[]> {
    const toolless = await temporaryFolder()
    const run = testRun(OUTCOMES, { PATH: toolless, ...env })
    const output = run.stdout ? await text(run.stdout) : ''
    return output.trimEnd().split('\n').slice(-count)
  }

  it('name what was skipped and why', async () => {
    expect(await lastLines(4, { MILLRACE_REQUIRE_SERVICES: '' })).toEqual([
      'skipped 1: not asked for',
      'skipped 1: needs the reference data no-such-data: not at $MILLRACE_SHARED, nor in ../shared',
      'skipped 2: needs s3: go is not on the PATH',
      '1 passed, 1 failed, 4 skipped',
    ])
  })

  it('count a skip for want of a server as a failure where servers are required', async () => {
    expect(await lastLines(1, { MILLRACE_REQUIRE_SERVICES: '1' })).toEqual(['1 passed, 3 failed, 2 skipped'])
  })
})

withServices('s3', 'judge').for(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'a run that gets %s leaves no process behind',
  async (signal) => {
    const sign = join(await temporaryFolder(), 'sign')
    const run = testRun(ENDLESS, { MILLRACE_TEST_SIGN: sign })
    const ended = once(run, 'exit')
    await expect.poll(() => existsSync(sign), { timeout: 60_000 }).toBe(true)
    const family = descendants(run.pid)

    run.kill(signal)

    await ended
    await expect.poll(() => alive(family), { timeout: 30_000 }).toEqual([])
  },
)
