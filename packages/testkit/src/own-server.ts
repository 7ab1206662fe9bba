import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inject, type TestContext, vi } from 'vitest'
import { installedServer } from './services/client.ts'
import { freePort } from './services/free-port.ts'
import { type Guarded, runGuarded } from './services/guarded.ts'
import { commandRunner } from './services/install.ts'
import type { Server } from './services/server.ts'

/** A server that is a test's own: it may be killed, and comes back on the same port with what it had. */
export interface OwnServer<Address> {
  readonly address: Address
  /** Not a word to anybody: SIGKILL. */
  kill(): Promise<void>
  start(): Promise<void>
}

const READY = { timeout: 120_000, interval: 100 }

/** For tests that have made sure of the server: this one is started from its installation. */
export async function openOwn<Address>(
  name: Parameters<typeof installedServer>[1],
  server: Server<Address>,
  folder: string,
  finished: TestContext['onTestFinished'],
): Promise<OwnServer<Address>> {
  const home = await installedServer(inject('supervisor'), name)
  if (!('address' in home)) throw new Error(`${name} is not installed`)
  const data = join(folder, name)
  await mkdir(data)
  const surroundings = { say: () => {}, started: () => {} }
  const run = commandRunner(data, join(folder, `${name}-preparation.log`), surroundings)
  const { command, env, address, ready } = await server.launch({ home: home.address, data, freePort, run })
  let running: Guarded | undefined
  let starts = 0
  const start = () =>
    vi.waitFor(async () => {
      if (!running?.isRunning()) {
        const logFile = join(folder, `${name}-${starts++}.log`)
        running = runGuarded(command, { folder: data, logFile, ...(env && { env }) })
      }
      if (!(await ready(await running.log()))) throw new Error(`${name} is not ready: ${await running.log()}`)
    }, READY)
  finished(async () => running?.stop())
  await start()
  return { address, start, kill: async () => running?.kill() }
}
