import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ServiceAddresses } from './contract.ts'

const SERVICES = fileURLToPath(new URL('../../packages/testkit/src/services/main.ts', import.meta.url))

export type Installed = { readonly home: string } | { readonly unavailable: string }

const asked = new Map<string, Promise<Installed>>()

/** Where `pnpm services` has this peer's runtime, installed now if need be. */
export function installed(name: string): Promise<Installed> {
  const answer = asked.get(name) ?? install(name)
  asked.set(name, answer)
  return answer
}

async function install(name: string): Promise<Installed> {
  const child = spawn(process.execPath, [SERVICES, '--install', name], { stdio: ['ignore', 'pipe', 'inherit'] })
  let answer = 'no answer'
  for await (const line of createInterface(child.stdout)) {
    // A first installation takes minutes, and says so.
    if (line.startsWith(`${name}: installing`)) console.error(line)
    else if (line.startsWith(`${name}: `)) answer = line.slice(name.length + 2)
  }
  return answer.startsWith('/') ? { home: answer } : { unavailable: answer.replace(/^unavailable: /, '') }
}

export interface Services {
  readonly addresses: ServiceAddresses
  stop(): Promise<void>
}

/** Real servers on 127.0.0.1, for as long as this process lives at most. */
export async function startServices(names: readonly string[]): Promise<Services> {
  if (names.length === 0) return { addresses: {}, stop: async () => {} }
  const child = spawn(process.execPath, [SERVICES, ...names], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const kill = () => void child.kill()
  process.once('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    kill()
    await ended
  }
  const said: string[] = []
  for await (const line of createInterface(child.stdout)) {
    if (line === 'Ctrl-C ends them.') break
    said.push(line)
  }
  const addresses = Object.fromEntries(names.map((name) => [name, addressIn(said, name)]))
  if (Object.values(addresses).every((address) => Object.keys(address).length > 0)) return { addresses, stop }
  await stop()
  throw new Error(`this benchmark needs ${names.join(', ')}:\n${said.join('\n')}`)
}

/** From the line `kafka: bootstrap=127.0.0.1:9092`. */
function addressIn(lines: readonly string[], name: string): Record<string, string> {
  const line = lines.findLast((each) => each.startsWith(`${name}: `)) ?? ''
  return Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]))
}
