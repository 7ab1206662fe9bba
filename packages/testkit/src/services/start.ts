import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { runGuarded, tail } from './guarded.ts'
import { commandRunner, type InstallSurroundings, installed } from './install.ts'
import type { Answer, Installation, Server } from './server.ts'

const ATTEMPTS = 3
const READY_POLL_MS = 50
const READY_WITHIN_MS = 180_000
const PORT_TAKEN = /address (is )?already in use|EADDRINUSE|BindException|failed to bind/i

interface Surroundings extends InstallSurroundings {
  /** Holds the data of this run's servers. */
  readonly folder: string
}

/** Installs and starts a server. Settles once it is ready; throws with the reason if it is not available. */
export async function startServer(name: string, server: Server<unknown>, around: Surroundings): Promise<Answer> {
  const home = await installedOr(name, server, around)
  if (typeof home !== 'string') return home
  const begun = performance.now()
  try {
    for (let attempt = 1; ; attempt++) {
      const outcome = await tryLaunch(name, server, home, around)
      if ('address' in outcome) {
        around.say(`${name}: ready in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
        return outcome
      }
      if (attempt === ATTEMPTS || !PORT_TAKEN.test(outcome.log)) {
        return { failed: `${name} did not start: ${outcome.why}\n${tail(outcome.log)}` }
      }
    }
  } catch (error) {
    return { failed: `${name} did not start: ${messageOf(error)}` }
  }
}

/** A missing tool or a registry out of reach is a fact of this machine, no failure. */
export async function installedOr(
  name: string,
  server: Installation,
  around: InstallSurroundings,
): Promise<string | { unavailable: string }> {
  const missing = process.platform === 'win32' ? 'needs a POSIX shell' : server.missing()
  if (missing !== undefined) return { unavailable: missing }
  try {
    return await installed(name, server, around)
  } catch (error) {
    return { unavailable: `could not be installed: ${messageOf(error)}` }
  }
}

type Outcome = { readonly address: unknown } | { readonly why: string; readonly log: string }

async function tryLaunch(name: string, server: Server<unknown>, home: string, around: Surroundings): Promise<Outcome> {
  const place = await mkdtemp(join(around.folder, `${name}-`))
  const data = join(place, 'data')
  await mkdir(data)
  const logFile = join(place, 'log')
  const launch = await server.launch({ home, data, freePort, run: commandRunner(data, logFile, around) })
  const running = runGuarded(launch.command, { folder: data, logFile, ...(launch.env && { env: launch.env }) })
  around.started(running)

  const deadline = performance.now() + READY_WITHIN_MS
  while (running.isRunning()) {
    if (await launch.ready(await running.log()).catch(() => false)) return { address: launch.address }
    if (performance.now() > deadline) {
      await running.stop()
      return { why: `not ready after ${READY_WITHIN_MS / 1000} s`, log: await running.log() }
    }
    await sleep(READY_POLL_MS)
  }
  return { why: `it ended with ${await running.ended}`, log: await running.log() }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
