import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { AddressOf, PeerName, ServerName } from './list.ts'
import type { Answer } from './server.ts'

export interface Supervisor {
  /** Where to ask it for servers. */
  readonly socketPath: string
  readonly pid: number
  /** Settles when every server is gone. */
  close(): Promise<void>
}

/** Messages from a supervisor to its owner. */
export type Message = { readonly socketPath: string } | { readonly said: string }

/** Starts a supervisor that lives as long as this process at most. */
export async function spawnSupervisor(say: (text: string) => void): Promise<Supervisor> {
  const main = fileURLToPath(new URL('supervisor.ts', import.meta.url))
  const child = spawn(process.execPath, [main], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true })
  const ended = once(child, 'exit')
  const socketPath = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: Message) => ('said' in message ? say(message.said) : resolve(message.socketPath)))
    child.once('error', reject)
    child.once('exit', () => reject(new Error('the supervisor of the test servers ended before it was ready')))
  })
  return {
    socketPath,
    pid: child.pid ?? 0,
    close: async () => {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}

/** Starts the server unless it runs already; answers when it is ready. */
export function startedServer<Name extends ServerName>(
  socketPath: string,
  name: Name,
): Promise<Answer<AddressOf<Name>>> {
  return ask(socketPath, `start ${name}`) as Promise<Answer<AddressOf<Name>>>
}

export function installedServer(socketPath: string, name: ServerName | PeerName): Promise<Answer<string>> {
  return ask(socketPath, `install ${name}`) as Promise<Answer<string>>
}

async function ask(socketPath: string, request: string): Promise<Answer> {
  const socket = connect(socketPath)
  socket.write(`${request}\n`)
  return JSON.parse(await text(socket)) as Answer
}
