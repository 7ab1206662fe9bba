import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Finished, runResident } from '@millrace/testkit'

export type { Finished } from '@millrace/testkit'

export const MAIN = fileURLToPath(new URL('../../packages/millrace/src/main.ts', import.meta.url))

const COMMAND_LINE = new URL('../../packages/millrace/src/command-line.ts', import.meta.url).href

/** The command as a person runs it, in a folder of its own. */
export interface Workplace {
  readonly folder: string
  /** Runs a command to its end, in a process that is there already. */
  run(...args: string[]): Promise<Finished>
  /** Rows of a query, as `millrace sql --format json` prints them. */
  sql(query: string): Promise<Record<string, unknown>[]>
  /** Starts a command in a process of its own. */
  start(...args: string[]): ChildProcess
  leave(): Promise<void>
}

export async function openWorkplace(environment: Readonly<Record<string, string>> = {}): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-e2e-'))
  const started: ChildProcess[] = []
  const env = () => ({ ...process.env, ...environment })
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    started.push(child)
    return child
  }
  const run = (...args: string[]) => runResident(COMMAND_LINE, { args, cwd: folder, env: env() })
  return {
    folder,
    start,
    run,
    async sql(query) {
      const { exitCode, stdout, stderr } = await run('sql', query, '--format', 'json')
      if (exitCode !== 0) throw new Error(`sql ended with ${exitCode}: ${stderr}`)
      return JSON.parse(stdout) as Record<string, unknown>[]
    },
    async leave() {
      for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Settles with what a command in a process of its own has printed, when it has ended. */
export async function ended(child: ChildProcess): Promise<Finished> {
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout, stderr] = await Promise.all([child.stdout, child.stderr].map((stream) => (stream ? text(stream) : '')))
  return { exitCode: await exited, stdout: stdout ?? '', stderr: stderr ?? '' }
}

/** Settles when the child has printed a line that matches, with the pattern's first group or all that matched. */
export function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = ''
    const look = (chunk: Buffer) => {
      seen += chunk.toString()
      const match = pattern.exec(seen)
      if (match) resolve(match[1] ?? match[0])
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('close', () => reject(new Error(`ended before it printed ${pattern}:\n${seen}`)))
  })
}
