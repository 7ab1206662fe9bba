import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder, withServices } from '../src/index.ts'
import { alive, descendants, message } from '../src/services/processes.ts'
import type { Answer } from '../src/services/server.ts'

const OWNER = fileURLToPath(new URL('programs/own-servers.ts', import.meta.url))
const MAIN = fileURLToPath(new URL('../src/services/main.ts', import.meta.url))

/** Longer than a server is given to go politely. */
const GONE = { timeout: 30_000, interval: 100 }

interface Owned {
  readonly socketPath: string
  readonly supervisor: number
  readonly answers: readonly Answer<Record<string, string>>[]
}

async function ownServers(...names: string[]) {
  const owner = fork(OWNER, names)
  const owned = await message<Owned>(owner, 'answers')
  return { owner, ...owned, folder: dirname(owned.socketPath), family: descendants(owner.pid) }
}

describe('servers go', () => {
  // Installs what the owners below start, so that each of them shows its death and not an installation's.
  const test = withServices('s3', 'judge')

  test('when their owner is killed', async () => {
    const { owner, folder, family } = await ownServers('s3', 'judge')
    expect(family.length).toBeGreaterThan(2)

    owner.kill('SIGKILL')

    await expect.poll(() => alive(family), GONE).toEqual([])
    expect(existsSync(folder)).toBe(false)
  })

  test('when their supervisor is killed', async () => {
    const { owner, supervisor, family } = await ownServers('s3', 'judge')

    process.kill(supervisor, 'SIGKILL')

    await expect.poll(() => alive(family), GONE).toEqual([])
    expect(owner.exitCode).toBeNull()
  })

  test('when owner and supervisor are killed at once; what they left on disk goes with the next start', async () => {
    const { owner, supervisor, folder, family } = await ownServers('s3', 'judge')

    process.kill(supervisor, 'SIGKILL')
    owner.kill('SIGKILL')
    await expect.poll(() => alive(family), GONE).toEqual([])

    await ownServers()
    await expect.poll(() => existsSync(folder), GONE).toBe(false)
  })

  test.for(['SIGINT', 'SIGTERM'] as const)('when pnpm services gets %s', async (signal) => {
    const services = fork(MAIN, ['s3'], { silent: true })
    for await (const chunk of services.stdout ?? []) if (String(chunk).includes('Ctrl-C')) break
    const family = descendants(services.pid)
    expect(family).not.toEqual([])

    services.kill(signal)

    expect(await once(services, 'exit')).toEqual([0, null])
    expect(alive(family)).toEqual([])
  })
})

withServices('s3', 'kafka')('two supervisors side by side have their own servers', async () => {
  const both = await Promise.all([ownServers('s3', 'kafka'), ownServers('s3', 'kafka')])

  const addresses = both.flatMap(({ answers }) => answers.map((answer) => 'address' in answer && answer.address))
  expect(addresses).toMatchObject([
    { endpoint: expect.any(String) },
    { bootstrap: expect.any(String) },
    { endpoint: expect.any(String) },
    { bootstrap: expect.any(String) },
  ])
  expect(new Set(addresses.map((address) => JSON.stringify(address))).size).toBe(4)
})

it('a server whose tools are missing is unavailable, and says what is missing', async () => {
  const toolless = await temporaryFolder()
  const owner = fork(OWNER, ['s3'], { env: { ...process.env, PATH: toolless } })

  const { answers } = await message<Owned>(owner, 'answers')

  expect(answers).toEqual([{ unavailable: 'go is not on the PATH' }])
})

it('a server that cannot be installed is unavailable, and says why', async () => {
  const toolless = await temporaryFolder()
  const services = join(toolless, 'cache')
  await writeFile(join(toolless, 'go'), '#!/bin/sh\necho no network; exit 1', { mode: 0o755 })
  const env = { ...process.env, PATH: `${toolless}:/bin:/usr/bin`, MILLRACE_SERVICES_DIR: services }

  const { answers } = await message<Owned>(fork(OWNER, ['s3'], { env }), 'answers')

  expect(answers).toEqual([
    { unavailable: expect.stringMatching(/^could not be installed: go install .*\nno network$/) },
  ])
})
