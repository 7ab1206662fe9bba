import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { installedServer, spawnSupervisor, startedServer } from './client.ts'
import { isPeerName, isServerName, PEERS, type PeerName, SERVERS, type ServerName } from './list.ts'
import type { Answer } from './server.ts'

const NAMES = Object.keys(SERVERS).join(', ')
const HELP = `pnpm services [--install] [name…]

Installs (once) and starts real servers for tests, prints their addresses and keeps them until Ctrl-C.
Names: ${NAMES}. None given: all of them.

  --install   only install; knows ${Object.keys(PEERS).join(', ')} as well, which benchmarks want`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { install: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
})
const isKnown = (name: string) => isServerName(name) || (values.install && isPeerName(name))
const stranger = positionals.find((name) => !isKnown(name))
if (values.help) console.log(HELP)
else if (stranger !== undefined) {
  console.error(`there is no server ${stranger}; there are ${NAMES}`)
  process.exitCode = 2
} else {
  const servers = positionals.length > 0 ? positionals.filter(isServerName) : (Object.keys(SERVERS) as ServerName[])
  await serve(servers, positionals.filter(isPeerName))
}

async function serve(servers: readonly ServerName[], peers: readonly PeerName[]): Promise<void> {
  // Ctrl-C while something installs or starts is heard as well: the channel to the supervisor goes with this process.
  const supervisor = await spawnSupervisor((text) => console.log(text))
  const reported = async (name: string, asked: Promise<Answer<object | string>>) => {
    const answer = await asked
    console.log(`${name}: ${'address' in answer ? described(answer.address) : problem(answer)}`)
    return answer
  }
  const request = values.install ? installedServer : startedServer
  const answers = await Promise.all([
    ...servers.map((name) => reported(name, request(supervisor.socketPath, name))),
    ...peers.map((name) => reported(name, installedServer(supervisor.socketPath, name))),
  ])
  const allThere = answers.every((answer) => 'address' in answer)
  if (!values.install && answers.some((answer) => 'address' in answer)) {
    console.log('Ctrl-C ends them.')
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  }
  await supervisor.close()
  process.exitCode = allThere ? 0 : 1
}

function described(address: object | string): string {
  if (typeof address === 'string') return address
  return Object.entries(address)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')
}

function problem(answer: { unavailable: string } | { failed: string }): string {
  return 'unavailable' in answer ? `unavailable: ${answer.unavailable}` : answer.failed
}
