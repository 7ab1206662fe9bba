import { endlessly, startTcpServer, type TcpServer } from './tcp-server.ts'

/** Returns a message of the protocol; `claims` is the length that it says it has. */
export function postgresMessage(type: string, body: Buffer, claims = body.length + 4): Buffer {
  const head = Buffer.from(`${type}....`)
  head.writeUInt32BE(claims, 1)
  return Buffer.concat([head, body])
}

const READY = postgresMessage('Z', Buffer.from('I'))
const LOGGED_IN = Buffer.concat([postgresMessage('R', Buffer.alloc(4)), READY])
const SET = Buffer.concat([postgresMessage('C', Buffer.from('SET\0')), READY])
/** A column `a` of text. */
const ONE_COLUMN = postgresMessage(
  'T',
  Buffer.from('\0\x01a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0', 'latin1'),
)
const many = (message: Buffer) => Buffer.concat(Array.from({ length: 4096 }, () => message))
const NO_BYTES = Buffer.alloc(0)
const GIGABYTE = 1 << 30
const SOME_BYTES = Buffer.alloc(1 << 20, 0x61)

/** What a hostile server answers to a statement: these bytes, then those again and again. */
export const POSTGRES_FLOODS: readonly (readonly [string, Buffer, Buffer])[] = [
  ['rows', ONE_COLUMN, many(postgresMessage('D', Buffer.from('\0\x01\0\0\0\x01a')))],
  ['bytes of a row', Buffer.concat([ONE_COLUMN, postgresMessage('D', NO_BYTES, GIGABYTE)]), SOME_BYTES],
  ['notices', NO_BYTES, many(postgresMessage('N', Buffer.from('SNOTICE\0Mhello\0\0')))],
  ['bytes of an error', postgresMessage('E', NO_BYTES, GIGABYTE), SOME_BYTES],
]

/** Starts a server that greets everybody with a message without end. */
export function floodingPostgresGreeter(): Promise<TcpServer> {
  return startTcpServer((socket) => {
    socket.once('data', () => endlessly(socket, postgresMessage('R', NO_BYTES, GIGABYTE), SOME_BYTES))
  })
}

/** Starts a server that lets everybody in, has its settings set, and answers the next statement with a flood. */
export function floodingPostgres(first: Buffer, again: Buffer): Promise<TcpServer> {
  return startTcpServer((socket) => {
    const answers = [LOGGED_IN, SET]
    let isFlooding = false
    socket.on('data', () => {
      const answer = answers.shift()
      if (answer) socket.write(answer)
      else if (!isFlooding) endlessly(socket, first, again)
      isFlooding ||= answer === undefined
    })
  })
}
