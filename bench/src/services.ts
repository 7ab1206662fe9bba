import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SERVICES = fileURLToPath(new URL('../../test/services/main.ts', import.meta.url))

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
