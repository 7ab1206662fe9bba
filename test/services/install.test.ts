import { type ChildProcess, fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../src/index.ts'
import { alive, descendants, message } from './processes.ts'

const PROGRAM = fileURLToPath(new URL('programs/install-once.ts', import.meta.url))

function install(cache: string, shell: string): ChildProcess {
  return fork(PROGRAM, [shell], { env: { ...process.env, MILLRACE_SERVICES_DIR: cache } })
}

async function homeOf(installer: ChildProcess): Promise<string> {
  return (await message<{ home: string }>(installer, 'home')).home
}

it('two processes at once install once, and both get the same home', async () => {
  const cache = await temporaryFolder()
  const count = join(cache, 'count')
  const shell = `echo installed >> ${count}; echo content > file`

  const homes = await Promise.all([homeOf(install(cache, shell)), homeOf(install(cache, shell))])

  expect(homes[0]).toBe(homes[1])
  expect(await readFile(count, 'utf8')).toBe('installed\n')
  expect(await readFile(join(homes[0] ?? '', 'file'), 'utf8')).toBe('content\n')
})

it('an installation killed half-way ends, and is made anew by whoever waits for it', async () => {
  const cache = await temporaryFolder()
  const half = install(cache, 'echo half > file; touch left-over; exec sleep 600')
  await message(half, 'started')
  const family = descendants(half.pid)
  const next = install(cache, 'echo whole > file')
  const home = homeOf(next)

  half.kill('SIGKILL')

  expect(await readFile(join(await home, 'file'), 'utf8')).toBe('whole\n')
  await expect(readFile(join(await home, 'left-over'))).rejects.toThrow('ENOENT')
  await expect.poll(() => alive(family), { timeout: 30_000 }).toEqual([])
})
