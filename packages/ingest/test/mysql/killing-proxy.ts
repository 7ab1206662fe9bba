import { connect, createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import type { TestDatabase } from './database.ts'

export interface KillingProxy {
  /** The address of the database by way of the proxy. */
  readonly address: string
  /** How many connections the server has ended. */
  readonly killed: () => number
}

/**
 * Stands before the server and lets it kill the connection whose answer brings the bytes of all connections to one of
 * these sums. The rest of that answer never comes.
 */
export async function killingProxy(database: TestDatabase, sums: readonly number[]): Promise<KillingProxy> {
  const { hostname, port } = new URL(database.address)
  const open = new Set<() => void>()
  let [bytes, killed] = [0, 0]
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    const cut = () => {
      client.destroy()
      upstream.destroy()
    }
    open.add(cut)
    for (const socket of [client, upstream]) socket.on('error', cut).once('close', cut)
    client.pipe(upstream)
    upstream.pipe(client)
    upstream.on('data', async (data) => {
      const before = bytes
      bytes += data.length
      if (!sums.some((sum) => before < sum && sum <= bytes)) return
      upstream.unpipe(client)
      await kill(database, upstream.localPort as number)
      killed++
      client.end()
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const cut of open) cut()
    proxy.close()
  })
  const url = new URL(database.address)
  url.port = String((proxy.address() as { port: number }).port)
  return { address: url.href, killed: () => killed }
}

/** Ends the connection that comes from this port. Throws unless there was one. */
async function kill({ connection }: TestDatabase, port: number): Promise<void> {
  const [rows] = await connection.query('SELECT id FROM information_schema.processlist WHERE host LIKE ?', [
    `%:${port}`,
  ])
  await connection.query('KILL ?', [(rows as { id: number }[])[0]?.id])
}
