import { connect } from 'node:net'
import { type HostileRequest, hostileRequests } from './hostile-requests.ts'

/** Sends all hostile requests to a port, 64 at a time; tells its parent how many were answered with which status. */
const [port = '', key = ''] = process.argv.slice(2)

export interface Attacked {
  readonly sent: number
  readonly statuses: Readonly<Record<string, number>>
}

const AT_ONCE = 64
/** Whoever attacks slowly holds a connection this long. */
const PATIENCE_MS = 4_000

const requests = hostileRequests(key)
const statuses: Record<string, number> = {}
let next = 0
await Promise.all(Array.from({ length: AT_ONCE }, attack))
process.send?.({ sent: requests.length, statuses } satisfies Attacked)

async function attack(): Promise<void> {
  for (let request = requests[next++]; request; request = requests[next++]) {
    const status = await send(request)
    statuses[status] = (statuses[status] ?? 0) + 1
  }
}

function send({ parts, deaf }: HostileRequest): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    let seen = ''
    const finish = () => {
      socket.destroy()
      resolve(/^HTTP\/1\.1 (\d{3})/.exec(seen)?.[1] ?? 'none')
    }
    socket.setTimeout(PATIENCE_MS, finish)
    socket.on('error', () => {}).once('close', finish)
    if (deaf) setTimeout(finish, PATIENCE_MS)
    else
      socket.on('data', (chunk) => {
        seen += chunk.toString('latin1')
        const length = Number(/content-length: (\d+)/i.exec(seen)?.[1] ?? Number.NaN)
        if (seen.length >= seen.indexOf('\r\n\r\n') + 4 + length) finish()
      })
    socket.once('connect', () => write())
    const rest = parts()[Symbol.iterator]()
    const write = () => {
      for (let part = rest.next(); !part.done; part = rest.next()) {
        if (!socket.write(part.value)) return void socket.once('drain', write)
      }
    }
  })
}
