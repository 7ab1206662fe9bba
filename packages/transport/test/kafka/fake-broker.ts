import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Broker } from '../../src/kafka/security.ts'
import { encodeFetchResponse, type TestPart } from './encode-fetch.ts'

/** One partition as a Fetch request (version 13) asks for it. */
export interface Asked {
  readonly topic: string
  readonly index: number
  readonly leaderEpoch: number
  readonly offset: number
  readonly lastEpoch: number
  readonly maxBytes: number
}

type Answer = readonly TestPart[] | 'hang up' | 'keep silent'

export interface FakeBroker extends Broker {
  /** Every request so far. */
  readonly requests: readonly (readonly Asked[])[]
}

/** Listens on a port of its own and answers Fetch requests as it is reported. */
export async function fakeBroker(answer: (asked: readonly Asked[], nth: number) => Answer): Promise<FakeBroker> {
  const requests: (readonly Asked[])[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const request = Buffer.from(data)
      const asked = askedIn(request)
      requests.push(asked)
      const parts = answer(asked, requests.length)
      if (parts === 'hang up') socket.destroy()
      else if (parts !== 'keep silent') socket.write(framed(encodeFetchResponse(request.readInt32BE(8), parts)))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, requests }
}

/** Behind the header, the client's name and the limits of the whole request. */
const FIRST_TOPIC = 49
const TOPIC_BYTES = 51

function askedIn(request: Buffer): Asked[] {
  const count = request.readUInt8(FIRST_TOPIC - 1) - 1
  return Array.from({ length: count }, (_, i) => {
    const at = FIRST_TOPIC + i * TOPIC_BYTES
    return {
      topic: request.toString('hex', at, at + 16),
      index: request.readInt32BE(at + 17),
      leaderEpoch: request.readInt32BE(at + 21),
      offset: Number(request.readBigInt64BE(at + 25)),
      lastEpoch: request.readInt32BE(at + 33),
      maxBytes: request.readInt32BE(at + 45),
    }
  })
}

function framed(payload: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(payload.length)
  return Buffer.concat([size, payload])
}
