import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { RUN_PREFIX, removeAbandonedRuns, SOCKET } from './abandoned.ts'
import type { Message } from './client.ts'
import type { Guarded } from './guarded.ts'
import { isPeerName, isServerName, PEERS, SERVERS, type ServerName } from './list.ts'
import type { Answer, Installation } from './server.ts'
import { installedOr, startServer } from './start.ts'

// One of these a run: owns every server, starts each when it is first asked for, and ends them all when the
// channel to the owner closes, which it does when the owner dies, however that happens.

const running = new Set<Guarded>()
const answers = new Map<ServerName, Promise<Answer>>()
let ending = false

process.once('disconnect', () => void end())
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end())

const folder = mkdtempSync(join(tmpdir(), RUN_PREFIX))
const around = { folder, say: (said: string) => tell({ said }), started }
const socketPath = join(folder, SOCKET)
const listener = createServer((socket) => {
  socket.on('error', () => {})
  createInterface(socket).once('line', (line) => void reply(socket, line))
})
listener.listen(socketPath, () => tell({ socketPath }))

await removeAbandonedRuns()

function tell(message: Message): void {
  // The owner may be gone in this very moment; then the channel's end is on its way to us.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

async function reply(socket: Socket, line: string): Promise<void> {
  const [verb = '', name = ''] = line.split(' ')
  socket.end(`${JSON.stringify(await answerTo(verb, name))}\n`)
}

function answerTo(verb: string, name: string): Answer | Promise<Answer> {
  if (verb === 'install' && isPeerName(name)) return install(name, PEERS[name])
  if (!isServerName(name)) return { failed: `there is no server ${name}` }
  const server = SERVERS[name]
  if (verb === 'install' || !('launch' in server)) return install(name, server)
  const answer = answers.get(name) ?? startServer(name, server, around)
  answers.set(name, answer)
  return answer
}

async function install(name: string, what: Installation): Promise<Answer> {
  const home = await installedOr(name, what, around)
  return typeof home === 'string' ? { address: home } : home
}

function started(server: Guarded): void {
  running.add(server)
  if (ending) void server.stop()
}

async function end(): Promise<void> {
  if (ending) return
  ending = true
  listener.close()
  await Promise.allSettled([...running].map((server) => server.stop()))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  process.exit(0)
}
