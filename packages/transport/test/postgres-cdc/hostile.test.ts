import { systemRuntime } from '@millrace/base'
import {
  floodingPostgres,
  floodingPostgresGreeter,
  POSTGRES_FLOODS,
  postgresMessage,
  type TcpServer,
} from '@millrace/testkit'
import { openSource } from '@millrace/transport'
import { describe, expect, it, onTestFinished } from 'vitest'
// Before it follows a log, a source asks for much that a hostile server need not answer: the log is asked for by itself.
import { parsePostgresCdcAddress } from '../../src/postgres-cdc/address.ts'
import { openStream } from '../../src/postgres-cdc/replication/replication.ts'

const MEGABYTE = 1 << 20
/** What the sockets between us hold. */
const ON_THE_WAY = 32 * MEGABYTE

describe('a followed PostgreSQL server that sends without end', () => {
  const partitionsAt = async ({ port }: TcpServer) => {
    const source = await openSource(`postgres-cdc://root@127.0.0.1:${port}/d`, systemRuntime)
    onTestFinished(() => source.close())
    return source.partitions('public.t')
  }

  it.each(POSTGRES_FLOODS)('%s to a question about its tables is left with a coded error', async (_, first, again) => {
    const server = await floodingPostgres(first, again)
    await expect(partitionsAt(server)).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
    expect(server.sent()).toBeLessThan(64 * MEGABYTE + ON_THE_WAY)
  })

  it('in place of a greeting is left with a coded error', async () => {
    const server = await floodingPostgresGreeter()
    await expect(partitionsAt(server)).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
    expect(server.sent()).toBeLessThan(ON_THE_WAY)
  })

  it('bytes of a change is left with a coded error', async () => {
    const begun = postgresMessage('W', Buffer.alloc(3))
    const change = postgresMessage('d', Buffer.from('w'), 1 << 30)
    const server = await floodingPostgres(Buffer.concat([begun, change]), Buffer.alloc(MEGABYTE))
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const address = parsePostgresCdcAddress(`postgres-cdc://root@127.0.0.1:${server.port}/d`)
    const stream = await openStream(
      address,
      { slot: 's', publication: 'p', from: 0n },
      { message: () => {}, reached: () => {}, failed: resolve },
      systemRuntime,
    )
    onTestFinished(() => stream.close())
    expect(await promise).toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
    expect(server.sent()).toBeLessThan(256 * MEGABYTE + ON_THE_WAY)
  })
})
