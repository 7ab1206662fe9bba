import { type ChildProcess, fork } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../src/index.ts'
import { alive, descendants, message } from '../src/services/processes.ts'

const PROGRAM = fileURLToPath(new URL('programs/install-once.ts', import.meta.url))

function install(cache: string, shell: string): ChildProcess {
  return fork(PROGRAM, [shell], { env: { ...process.env, MILLRACE_SERVICES_DIR: cache } })
}

async function homeOf(installer: ChildProcess): Promise<string> {
  return (await message<{ home: string }>(installer, 'home')).home
}

it('of two processes at once one installs, and both get the same home', async () => {
  const cache = await temporaryFolder()
  const count = join(cache, 'count')
  const go = join(cache, 'go')
  const shell = `echo installed >> ${count}; until [ -e ${go} ]; do sleep 0.1; done; echo content > file`
  const first = install(cache, shell)
  await message(first, 'started')
  const second = install(cache, shell)
  const homes = Promise.all([homeOf(first), homeOf(second)])

  expect(await message(second, 'said')).toEqual({ said: 'sample: waiting for another process that installs it' })
  await writeFile(go, '')

  const [home = '', same] = await homes
  expect(same).toBe(home)
  expect(await readFile(count, 'utf8')).toBe('installed\n')
  expect(await readFile(join(home, 'file'), 'utf8')).toBe('content\n')
})

it('an installation killed half-way ends, and is made anew by whoever waits for it', async () => {
  const cache = await temporaryFolder()
  const half = install(cache, 'echo half > file; touch left-over; exec sleep 600')
  await message(half, 'started')
  const family = descendants(half.pid)
  const next = install(cache, 'echo whole > file')
  const home = homeOf(next)
  await message(next, 'said')

  half.kill('SIGKILL')

  expect(await readFile(join(await home, 'file'), 'utf8')).toBe('whole\n')
  await expect(readFile(join(await home, 'left-over'))).rejects.toThrow('ENOENT')
  await expect.poll(() => alive(family), { timeout: 30_000 }).toEqual([])
})
