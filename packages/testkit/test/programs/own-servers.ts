import { spawnSupervisor, startedServer } from '../../src/index.ts'
import type { ServerName } from '../../src/services/list.ts'

// Owns a supervisor, starts the servers named, tells its parent of them and stays until it is killed.
const { socketPath, pid } = await spawnSupervisor(() => {})
const names = process.argv.slice(2) as ServerName[]
const answers = await Promise.all(names.map((name) => startedServer(socketPath, name)))
process.send?.({ socketPath, supervisor: pid, answers })
setInterval(() => {}, 60_000)
