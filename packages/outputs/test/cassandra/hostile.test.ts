import { endlessly, seededRandom, startTcpServer, type TcpServer } from '@millrace/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
// An output asks for much that a hostile node need not answer: its session is asked by itself.
import { openSession } from '../../src/cassandra/session.ts'

const MEGABYTE = 1 << 20
/** What the sockets between us hold. */
const ON_THE_WAY = 32 * MEGABYTE
const [ERROR, READY, AUTHENTICATE, SUPPORTED, RESULT, EVENT] = [0x00, 0x02, 0x03, 0x06, 0x08, 0x0c]

/** An answer to the request of that stream. */
function frame(opcode: number, body: Uint8Array, stream = 0, length = body.length): Buffer {
  const header = Buffer.from([0x84, 0, 0, 0, opcode, 0, 0, 0, 0])
  header.writeInt16BE(stream, 2)
  header.writeUInt32BE(length, 5)
  return Buffer.concat([header, body])
}

const int = (...values: number[]) =>
  Buffer.concat(values.map((value) => Buffer.from(Int32Array.of(value).buffer).reverse()))
const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])

/** A node whose first answer is good, and all others that. */
function nodeAnswering(answer: (stream: number) => Buffer): Promise<TcpServer> {
  return startTcpServer((socket) => {
    let asked = 0
    // The driver sends no second request before the first is answered.
    socket.on('data', (request: Buffer) => {
      const stream = request.readInt16BE(2)
      socket.write(asked++ === 0 ? frame(READY, Buffer.alloc(0), stream) : answer(stream))
    })
  })
}

function ask({ port }: TcpServer): Promise<unknown> {
  const tls = false as const
  const address = { contactPoints: [`127.0.0.1:${port}`], user: undefined, keyspace: 'k', key: [], tls }
  const session = openSession({ ...address, dataCenter: undefined, replication: 1 }, 'Cassandra')
  onTestFinished(() => session.close())
  return session.execute('SELECT 1')
}

describe('a node of Cassandra that does not speak its protocol', () => {
  it.each<[string, Buffer]>([
    ['zeros', Buffer.alloc(4096)],
    ['ones', Buffer.alloc(4096, 0xff)],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\nhello hello hello')],
    ['an error of two bytes', frame(ERROR, Buffer.alloc(2, 0xee))],
    ['a login whose name has no end', frame(AUTHENTICATE, Buffer.from([0x7f, 0xff]))],
    ['an answer to what nobody asked', frame(READY, Buffer.alloc(0), 77)],
    ['an answer of 2 GB', frame(READY, Buffer.alloc(0), 0, 2 ** 31)],
    ['more kinds than bytes', frame(SUPPORTED, Buffer.from([0xff, 0xff]))],
  ])('%s: the session fails with a coded error', async (_, answer) => {
    const node = await startTcpServer((socket) => socket.once('data', () => socket.write(answer)))
    await expect(ask(node)).rejects.toMatchObject({ code: 'OUTPUT_REFUSED' })
  })

  it('its bytes may come one by one', async () => {
    const node = await startTcpServer((socket) =>
      socket.once('data', () => {
        socket.setNoDelay()
        for (const byte of frame(ERROR, Buffer.concat([int(0x0100), text('no such user')]))) {
          socket.write(Uint8Array.of(byte))
        }
      }),
    )
    await expect(ask(node)).rejects.toMatchObject({ code: 'OUTPUT_DENIED', message: /no such user/ })
  })

  const oneColumn = Buffer.concat([text('k'), text('t'), text('a'), Buffer.from([0, 9])])
  it.each<[string, Buffer]>([
    ['a billion rows without columns', int(2, 0, 0, 1e9)],
    ['a billion rows of one column', Buffer.concat([int(2, 0, 1), oneColumn, int(1e9)])],
    ['30 million columns', int(2, 0, 30e6)],
    ['an unknown kind', int(9)],
    ['nothing', Buffer.alloc(0)],
  ])('a result of %s: the session fails with a coded error', async (_, body) => {
    const node = await nodeAnswering((stream) => frame(RESULT, body, stream))
    await expect(ask(node)).rejects.toMatchObject({ code: expect.stringMatching(/^(OUTPUT_REFUSED|STORE_FAILED)$/) })
  })

  it.each<[string, Buffer]>([
    [
      'news',
      frame(EVENT, Buffer.concat([text('STATUS_CHANGE'), text('UP'), Buffer.from([4, 9, 9, 9, 9]), int(1)]), -1),
    ],
    ['answers to what nobody asked', frame(READY, Buffer.alloc(1000), 5)],
    ['one answer', frame(RESULT, Buffer.alloc(0), 0, 2 ** 32 - 1)],
  ])('%s without end is left', async (_, again) => {
    const node = await startTcpServer((socket) => socket.once('data', () => endlessly(socket, Buffer.alloc(0), again)))
    await expect(ask(node)).rejects.toMatchObject({ code: 'OUTPUT_REFUSED' })
    expect(node.sent()).toBeLessThan(ON_THE_WAY)
  })

  it('whatever it answers, nothing is thrown where nobody can catch it', async () => {
    const next = seededRandom(1)
    const random = () => Math.floor(next() * 65_536)
    const opcodes = [ERROR, READY, AUTHENTICATE, SUPPORTED, RESULT, 0x0e, 0x10]
    const bytes = () =>
      Uint8Array.from({ length: random() % 60 }, () => (random() % 2 ? random() % 4 : random()) & 0xff)
    for (let round = 0; round < 100; round++) {
      const node = await startTcpServer((socket) => {
        let asked = 0
        socket.on('data', (request: Buffer) => {
          const stream = request.readInt16BE(2)
          if (asked++ === 0 && round % 2 === 0) socket.write(frame(READY, Buffer.alloc(0), stream))
          else socket.write(frame(opcodes[random() % opcodes.length] ?? 0, bytes(), stream))
        })
      })
      await expect(ask(node)).rejects.toMatchObject({ name: 'MillraceError' })
    }
  })
})
