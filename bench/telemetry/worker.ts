import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { job, report } from '../src/contestant.ts'

const TICKS_PER_SECOND = 100

/** The command beside this process, as there has to be somebody who looks; reports what the worker itself used. */
export async function millrace(dashboard: string): Promise<void> {
  const { output, services } = job()
  const main = fileURLToPath(new URL('../../packages/millrace/src/main.ts', import.meta.url))
  const places = ['--source', `kafka://${services.kafka?.bootstrap}`, '--lake', output, '--dashboard', dashboard]
  const options = ['--datasets', 'pin', '--group', `bench-${randomUUID()}`, '--until-caught-up']
  await worker([main, 'stream', ...places, ...options])
}

export async function worker(command: readonly string[]): Promise<void> {
  const { output } = job()
  const child = spawn(process.execPath, command, { cwd: output, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the worker ended with ${code}`)
  report({ figures: { 'worker CPU s': waitedForSeconds() } })
}

function waitedForSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}

export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `127.0.0.1:${address.port}`
}
