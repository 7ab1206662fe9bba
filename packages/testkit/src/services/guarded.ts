import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const GUARD = fileURLToPath(new URL('guard.sh', import.meta.url))

/** A running command that ends with this process, however this process ends. */
export interface Guarded {
  /** Its exit code, once it and all that it started are gone. */
  readonly ended: Promise<number>
  isRunning(): boolean
  log(): Promise<string>
  stop(): Promise<void>
  /** Ends it and all that it started by SIGKILL. */
  kill(): Promise<void>
}

export interface GuardedOptions {
  readonly logFile: string
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
}

export function runGuarded(command: readonly string[], { logFile, folder, env = {} }: GuardedOptions): Guarded {
  const output = openSync(logFile, 'a')
  const child = spawn('sh', [GUARD, ...command], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['pipe', output, output],
    detached: true,
  })
  closeSync(output)
  let running = true
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      running = false
      killGroup(child.pid)
      resolve(code ?? 1)
    })
  })
  child.stdin?.on('error', () => {})
  return {
    ended,
    isRunning: () => running,
    log: () => readFile(logFile, 'utf8'),
    stop: async () => {
      child.stdin?.destroy()
      await ended
    },
    kill: async () => {
      killGroup(child.pid)
      await ended
    },
  }
}

/** What a server may have left running when it ended by itself. */
function killGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nobody is left: that is what we want.
  }
}

const TAIL_LINES = 15

export function tail(log: string): string {
  return log.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
}
