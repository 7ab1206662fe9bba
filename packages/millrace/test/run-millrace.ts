import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { runResident } from '@millrace/testkit'

const COMMAND_LINE = new URL('../src/command-line.ts', import.meta.url).href
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts the real command, away from the settings of whoever runs the tests. */
export function startMillrace(args: readonly string[], { cwd = tmpdir(), env = {} }: Surroundings = {}) {
  return spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...ownEnvironment(), ...env } })
}

/** Runs a command to its end, in a process that is there already. */
export async function runMillrace(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  const { cwd = tmpdir(), env = {} } = surroundings
  const { exitCode, stdout, stderr } = await runResident(COMMAND_LINE, {
    args,
    cwd,
    env: { ...ownEnvironment(), ...env },
  })
  return { code: exitCode, out: stdout, err: stderr }
}

export async function ended(child: ReturnType<typeof startMillrace>): Promise<Ended> {
  const code = new Promise<number | null>((settle) => child.on('close', settle))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, out, err }
}

export function temporaryFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'millrace-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

function ownEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...rest } = process.env
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('MILLRACE_')))
}
