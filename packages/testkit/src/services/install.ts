import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Guarded, runGuarded, tail } from './guarded.ts'
import { alone } from './lock.ts'
import type { Installation, RunCommand } from './server.ts'

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url))

/** Written last: a folder without it is half an installation, and is made anew. */
const MARKER = 'installed'

export interface InstallSurroundings {
  say(text: string): void
  /** Called with everything that runs, so that it can be stopped. */
  started(running: Guarded): void
}

/** The server's home, installed now unless it is there already. */
export async function installed(name: string, server: Installation, around: InstallSurroundings): Promise<string> {
  const cache = resolve(process.env.MILLRACE_SERVICES_DIR ?? join(REPOSITORY, '.services'))
  const pins = createHash('sha256').update(server.pins).digest('hex').slice(0, 8)
  const home = join(cache, `${name}-${pins}`)
  const marker = join(home, MARKER)
  if (existsSync(marker)) return home

  await mkdir(cache, { recursive: true })
  const waiting = () => around.say(`${name}: waiting for another process that installs it`)
  return alone(`${home}.lock`, waiting, async () => {
    if (existsSync(marker)) return home
    around.say(`${name}: installing into ${home}; this happens once and can take minutes`)
    const started = performance.now()
    await rm(home, { recursive: true, force: true })
    await mkdir(home)
    await server.install(home, commandRunner(home, `${home}.log`, around))
    await writeFile(marker, server.pins)
    around.say(`${name}: installed in ${Math.round((performance.now() - started) / 1000)} s`)
    return home
  })
}

export function commandRunner(folder: string, logFile: string, { started }: InstallSurroundings): RunCommand {
  return async (command, env = {}) => {
    const running = runGuarded(command, { folder, logFile, env })
    started(running)
    const code = await running.ended
    if (code === 0) return
    throw new Error(`${command.join(' ')} ended with ${code}:\n${tail(await running.log())}`)
  }
}
