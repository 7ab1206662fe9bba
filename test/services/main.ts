import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { installedServer, spawnSupervisor, startedServer } from './client.ts'
import { isServerName, SERVERS, type ServerName } from './list.ts'

const NAMES = Object.keys(SERVERS).join(', ')
const HELP = `pnpm services [--install] [name…]

Installs (once) and starts real servers for tests, prints their addresses and keeps them until Ctrl-C.
Names: ${NAMES}. None given: all of them.

  --install   only install`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { install: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
})
const stranger = positionals.find((name) => !isServerName(name))
if (values.help) console.log(HELP)
else if (stranger !== undefined) {
  console.error(`there is no server ${stranger}; there are ${NAMES}`)
  process.exitCode = 2
} else {
  const named = positionals.filter(isServerName)
  await serve(named.length > 0 ? named : (Object.keys(SERVERS) as ServerName[]))
}

async function serve(names: readonly ServerName[]): Promise<void> {
  // Ctrl-C while something installs or starts is heard as well: the channel to the supervisor goes with this process.
  const supervisor = await spawnSupervisor((text) => console.log(text))
  const request = values.install ? installedServer : startedServer
  const answers = await Promise.all(
    names.map(async (name) => {
      const answer = await request(supervisor.socketPath, name)
      console.log(`${name}: ${'address' in answer ? described(answer.address) : problem(answer)}`)
      return answer
    }),
  )
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
