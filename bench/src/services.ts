import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
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
  const lines = (await text(child.stdout)).trimEnd().split('\n')
  const answer = lines.findLast((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? 'no answer'
  return answer.startsWith('/') ? { home: answer } : { unavailable: answer.replace(/^unavailable: /, '') }
}
