import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Asked {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

export interface Finished {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

const PROGRAM = fileURLToPath(new URL('resident-program.ts', import.meta.url))

/** Processes that have nothing to do. They end with the process of the tests. */
const idle: ChildProcess[] = []

/**
 * Runs a command line in a process that stays for the next one: what a start costs is paid once. Where the process itself
 * is tested, its start, its signals and its end, this is not the way. `module` exports `runCommandLine`.
 */
export async function runResident(module: string, asked: Asked): Promise<Finished> {
  const child = idle.pop() ?? fork(PROGRAM, [module], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  child.ref()
  child.channel?.ref()
  const ended = new AbortController()
  child.send(asked)
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`the command ended its process with ${code}: ${asked.args.join(' ')}`)
  })
  exit.catch(() => {})
  const [finished] = (await Promise.race([once(child, 'message', { signal: ended.signal }), exit])) as [Finished]
  ended.abort()
  child.unref()
  child.channel?.unref()
  idle.push(child)
  return finished
}
