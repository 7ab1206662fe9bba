import { MillraceError } from '@millrace/base'
import {
  type Connection,
  Reader,
  saslAuthenticateV1,
  saslHandshakeV1,
  saslOAuthBearer,
  saslPlain,
  saslScramSha,
  type Writer,
} from '@platformatic/kafka'
import type { Login } from './security.ts'

type Exchange = (request: Buffer, timeoutMs: number) => Promise<Buffer>

const HANDSHAKE = { key: 17, version: 1 }
const AUTHENTICATE = { key: 36, version: 1 }
const ANSWER_WITHIN_MS = 10_000

/** Logs in over a connection of ours by the library's mechanisms; answers how long the login lasts, 0 for ever. */
export async function authenticate(exchange: Exchange, login: Login, broker: string): Promise<number> {
  try {
    const response = await exchange(frame(HANDSHAKE, saslHandshakeV1.createRequest(login.mechanism)), ANSWER_WITHIN_MS)
    saslHandshakeV1.parseResponse(0, HANDSHAKE.key, HANDSHAKE.version, bodyOf(response))
    const { sessionLifetimeMs } = await logIn(exchange, login)
    return Number(sessionLifetimeMs)
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError('SOURCE_DENIED', `${broker} refuses the login by ${login.mechanism}`, { cause })
  }
}

function logIn(exchange: Exchange, login: Login) {
  const send = async (authBytes: Buffer) => {
    const response = await exchange(frame(AUTHENTICATE, saslAuthenticateV1.createRequest(authBytes)), ANSWER_WITHIN_MS)
    return saslAuthenticateV1.parseResponse(0, AUTHENTICATE.key, AUTHENTICATE.version, bodyOf(response))
  }
  // The mechanisms ask for the library's connection only to hand it to this.
  const api = ((_: Connection, authBytes: Buffer, callback: (error: Error | null, answer?: unknown) => void) => {
    send(authBytes).then((answer) => callback(null, answer), callback)
  }) as unknown as saslAuthenticateV1.SASLAuthenticationAPI
  const none = undefined as unknown as Connection
  switch (login.mechanism) {
    case 'PLAIN':
      return saslPlain.authenticate(api, none, login.username, login.password)
    case 'OAUTHBEARER':
      return saslOAuthBearer.authenticate(api, none, login.token, {})
    case 'SCRAM-SHA-256':
      return saslScramSha.authenticate(api, none, 'SHA-256', login.username, login.password)
    case 'SCRAM-SHA-512':
      return saslScramSha.authenticate(api, none, 'SHA-512', login.username, login.password)
  }
}

/** Frames a request with the header that has no tagged fields: key, version, correlation id, no client id. */
function frame({ key, version }: { key: number; version: number }, body: Writer): Buffer {
  const payload = body.buffer
  const header = Buffer.alloc(14)
  header.writeInt32BE(10 + payload.length, 0)
  header.writeInt16BE(key, 4)
  header.writeInt16BE(version, 6)
  header.writeInt16BE(-1, 12)
  return Buffer.concat([header, payload])
}

/** The buffer of the connection is overwritten by its next answer: what the library keeps is its own. */
function bodyOf(response: Buffer): Reader {
  return Reader.from(Buffer.from(response.subarray(4)))
}
