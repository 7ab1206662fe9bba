import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type FetchConnection, openFetchConnection } from '../../../src/kafka/fetch/fetch-connection.ts'

const WAIT_MS = 10_000

/** A server that does with each request what it is told, and a connection to it. */
async function talkingTo(answer: (request: string | Buffer, socket: Socket) => void): Promise<FetchConnection> {
  const server = createServer((socket) => {
    socket.on('data', (request) => answer(request, socket))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connection = await openFetchConnection({ host: '127.0.0.1', port }, {})
  onTestFinished(() => {
    connection.close()
    server.close()
  })
  return connection
}

function framed(payload: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(payload.length)
  return Buffer.concat([size, payload])
}

describe('a connection for fetching', () => {
  it('puts an answer together, however it is cut on its way', async () => {
    let pieces: readonly Buffer[] = []
    const connection = await talkingTo((_, socket) => {
      const sendNext = (i: number) => {
        const piece = pieces[i]
        if (piece) socket.write(piece, () => setImmediate(sendNext, i + 1))
      }
      sendNext(0)
    })
    const sizes = fc.integer({ min: 4, max: 3 << 20 })
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(sizes, cuts, fc.nat(255), async (size, cuts, seed) => {
        const payload = Buffer.alloc(size, Buffer.from([seed, seed + 1, seed + 2, 7, 11]))
        const frame = framed(payload)
        const ends = [...cuts.map((cut) => Math.floor(cut * frame.length)), frame.length].sort((a, b) => a - b)
        pieces = ends.map((end, i) => frame.subarray(ends[i - 1] ?? 0, end)).filter(({ length }) => length > 0)
        const response = await connection.exchange(Buffer.from('go'), WAIT_MS)
        expect(Buffer.compare(response, payload)).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  it('says so when the other side hangs up in the middle', async () => {
    const connection = await talkingTo((_, socket) => socket.end(framed(Buffer.alloc(100)).subarray(0, 50)))
    await expect(connection.exchange(Buffer.from('go'), WAIT_MS)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect(connection.usable).toBe(false)
  })

  it('gives up on an answer that does not come', async () => {
    const connection = await talkingTo(() => {})
    await expect(connection.exchange(Buffer.from('go'), 20)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect(connection.usable).toBe(false)
  })

  it.each([
    ['TLS', Buffer.from([0x15, 3, 3, 0, 2, 2, 40])],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['too little', framed(Buffer.alloc(2))],
  ])('takes no %s for an answer', async (_, nonsense) => {
    const connection = await talkingTo((__, socket) => socket.write(nonsense))
    await expect(connection.exchange(Buffer.from('go'), WAIT_MS)).rejects.toThrow(/is it a Kafka listener/)
  })

  it('refuses words that nobody asked for', async () => {
    const connection = await talkingTo((_, socket) =>
      socket.write(Buffer.concat([framed(Buffer.alloc(8)), framed(Buffer.alloc(8))])),
    )
    await expect(connection.exchange(Buffer.from('go'), WAIT_MS)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })

  it('says so when nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    await expect(openFetchConnection({ host: '127.0.0.1', port }, {})).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
    })
  })
})
