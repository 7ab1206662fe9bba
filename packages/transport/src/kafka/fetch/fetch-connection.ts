import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { MillraceError } from '@millrace/base'
import { authenticate } from '../sasl.ts'
import type { Broker, Security } from '../security.ts'

/** A connection to one broker with one request at a time; the next response overwrites the buffer of the last. */
export interface FetchConnection {
  /** Takes a request with its length in front; answers the response from its correlation id on. */
  exchange(request: Buffer, timeoutMs: number): Promise<Buffer>
  /** False once the connection is closed or its login is about to expire. */
  readonly usable: boolean
  close(): void
}

/** Buffers grow by steps of this, and one that a single huge batch made larger than that many is not kept. */
const BUFFER_STEP = 1 << 20
const STEPS_KEPT = 16
/** A batch can be larger than what was asked for, but not by this much: then the other side is no Kafka. */
const LARGEST_RESPONSE = 64 << 20
const CONNECT_WITHIN_MS = 10_000
/** The part of a login's life after which a new connection takes over. */
const LOGIN_USED = 0.8

interface Outstanding {
  resolve(response: Buffer): void
  reject(error: MillraceError): void
}

export async function openFetchConnection(broker: Broker, security: Security): Promise<FetchConnection> {
  const name = `${broker.host}:${broker.port}`
  let outstanding: Outstanding | undefined
  let failure: MillraceError | undefined
  let loginEnds = Number.POSITIVE_INFINITY
  const fail = (message: string, cause?: unknown) => {
    failure ??= new MillraceError('SOURCE_UNREACHABLE', `${name}: ${message}`, { cause })
    outstanding?.reject(failure)
    outstanding = undefined
    socket.destroy()
  }
  const frames = frameReader(
    (response) => {
      const waiting = outstanding
      outstanding = undefined
      if (waiting) waiting.resolve(response)
      else fail('said something that nobody had asked')
    },
    (what) => fail(`${what}; is it a Kafka listener, and is ssl set as it wants it?`),
  )
  const socket = openSocket(broker, security, frames)
  socket.on('error', (cause) => fail(cause.message, cause))
  socket.on('close', () => fail('the connection was closed'))

  const exchange = async (request: Buffer, timeoutMs: number) => {
    if (failure) throw failure
    const answer = Promise.withResolvers<Buffer>()
    outstanding = answer
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    socket.write(request)
    try {
      return await answer.promise
    } finally {
      clearTimeout(timer)
    }
  }
  await connected(socket, security.tls !== undefined, () => failure)
  if (security.sasl) {
    const lifetimeMs = await authenticate(exchange, security.sasl, name).catch((error: unknown) => {
      socket.destroy()
      throw error
    })
    if (lifetimeMs > 0) loginEnds = performance.now() + lifetimeMs * LOGIN_USED
  }
  return {
    exchange,
    get usable() {
      return failure === undefined && performance.now() < loginEnds
    },
    close: () => fail('closed'),
  }
}

/** Kafka's frames, read into one buffer that grows to the largest answer: no byte is copied on the way. */
function frameReader(onFrame: (frame: Buffer) => void, onNonsense: (what: string) => void): OnReadOpts {
  let buffer = Buffer.allocUnsafeSlow(BUFFER_STEP)
  let have = 0
  return {
    buffer() {
      if (have === 0 && buffer.length > STEPS_KEPT * BUFFER_STEP) buffer = Buffer.allocUnsafeSlow(BUFFER_STEP)
      return buffer.subarray(have)
    },
    callback(length) {
      have += length
      if (have < 4) return true
      const size = buffer.readInt32BE(0)
      const end = 4 + size
      if (size < 4 || size > LARGEST_RESPONSE) {
        onNonsense(`announced an answer of ${size} bytes`)
        return false
      }
      if (end > buffer.length) buffer = grown(buffer.subarray(0, have), end)
      if (have < end) return true
      if (have > end) {
        onNonsense('said more than was asked')
        return false
      }
      have = 0
      onFrame(buffer.subarray(4, end))
      return true
    },
  }
}

function grown(start: Buffer, size: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.ceil(size / BUFFER_STEP) * BUFFER_STEP)
  start.copy(larger)
  return larger
}

function openSocket({ host, port }: Broker, { tls }: Security, onread: OnReadOpts): Socket {
  const options = { host, port, onread, keepAlive: true, noDelay: true }
  if (!tls) return connectPlain(options)
  // An address of numbers is no name: TLS does not let it be asked for.
  return connectTls({ ...(isIP(host) === 0 && { servername: host }), ...tls, ...options })
}

function connected(socket: Socket, tls: boolean, failure: () => MillraceError | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${CONNECT_WITHIN_MS} ms`)),
      CONNECT_WITHIN_MS,
    )
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.once('close', () => {
      clearTimeout(timer)
      reject(failure())
    })
  })
}
