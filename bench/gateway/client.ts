import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

/** What is to be sent, as JSON in the only argument. */
export interface Load {
  readonly url: string
  readonly file: string
  readonly perRequest: number
  readonly records: number
  readonly connections: number
}

export interface Served {
  /** Records in requests that were answered with 200. */
  readonly answered: number
  readonly p50: number
  readonly p99: number
}

const load = JSON.parse(process.argv[2] ?? '{}') as Load
const requests = buildRequests(load)
const milliseconds: number[] = []
let next = 0

await Promise.all(Array.from({ length: load.connections }, sendInTurn))
milliseconds.sort((a, b) => a - b)
const at = (share: number) => milliseconds[Math.floor(milliseconds.length * share)] ?? 0
const served: Served = { answered: milliseconds.length * load.perRequest, p50: at(0.5), p99: at(0.99) }
process.stdout.write(JSON.stringify(served))

/** Ready to be written: the client shall cost next to nothing. */
function buildRequests({ url, file, perRequest, records }: Load): Buffer[] {
  const { pathname, host } = new URL(url)
  const lines = readFileSync(file, 'utf8').split('\n', records)
  return Array.from({ length: Math.floor(records / perRequest) }, (_, i) => {
    const values = lines.slice(i * perRequest, (i + 1) * perRequest).map((line) => `{"value":${line}}`)
    const body = Buffer.from(`{"records":[${values.join(',')}]}`)
    const type = 'application/vnd.kafka.json.v2+json'
    const head = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`
    return Buffer.concat([Buffer.from(head), body])
  })
}

/** One connection: a request, its answer, the next. */
function sendInTurn(): Promise<void> {
  const { hostname, port } = new URL(load.url)
  const socket = connect(Number(port), hostname).setNoDelay(true)
  return new Promise((resolve, reject) => {
    let [sentAt, seen] = [0, '']
    const send = () => {
      const request = requests[next++]
      sentAt = performance.now()
      if (request) socket.write(request)
      else finish(socket, resolve)
    }
    socket.on('connect', send).on('error', reject)
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
      const head = seen.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(seen)?.[1])
      if (head < 0 || seen.length < head + 4 + length) return
      if (!seen.startsWith('HTTP/1.1 200')) return reject(new Error(seen))
      milliseconds.push(performance.now() - sentAt)
      seen = ''
      send()
    })
  })
}

function finish(socket: Socket, resolve: () => void): void {
  socket.end()
  resolve()
}
