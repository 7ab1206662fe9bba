import { floodingPostgres, floodingPostgresGreeter, POSTGRES_FLOODS, type TcpServer } from '@millrace/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
// An output asks for much that a hostile server need not answer: its session is asked by itself.
import { openSession } from '../../src/postgres/session.ts'

const MEGABYTE = 1 << 20
/** What the sockets between us hold. */
const ON_THE_WAY = 32 * MEGABYTE

describe('a PostgreSQL server to write to that sends without end', () => {
  const sessionAt = ({ port }: TcpServer) => {
    const address = { host: '127.0.0.1', port, user: 'root', database: 'd', schema: 'public', tls: false } as const
    const session = openSession(address, 'PostgreSQL')
    onTestFinished(() => session.drop())
    return session
  }

  it.each(POSTGRES_FLOODS)('%s is left with a coded error', async (_, first, again) => {
    const server = await floodingPostgres(first, again)
    await expect(sessionAt(server).query('SELECT 1')).rejects.toMatchObject({ code: 'OUTPUT_REFUSED' })
    expect(server.sent()).toBeLessThan(64 * MEGABYTE + ON_THE_WAY)
  })

  it('notices to what is copied is left with a coded error', async () => {
    const [[, first, again] = []] = POSTGRES_FLOODS.slice(2)
    const server = await floodingPostgres(first ?? Buffer.alloc(0), again ?? Buffer.alloc(0))
    await expect(sessionAt(server).copy('t', import.meta.filename)).rejects.toMatchObject({ code: 'OUTPUT_REFUSED' })
  })

  it('in place of a greeting is left with a coded error', async () => {
    const server = await floodingPostgresGreeter()
    await expect(sessionAt(server).query('SELECT 1')).rejects.toMatchObject({ code: 'OUTPUT_REFUSED' })
    expect(server.sent()).toBeLessThan(ON_THE_WAY)
  })
})
