import { endlessly, startTcpServer } from './tcp-server.ts'

const packet = (sequence: number, payload: Buffer) =>
  Buffer.concat([Buffer.from([payload.length & 255, payload.length >> 8, 0, sequence]), payload])

/** The first packet of protocol 4.1 with mysql_native_password. */
const GREETING = packet(
  0,
  Buffer.concat([
    Buffer.from([10]),
    Buffer.from('8.0.0\0'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('12345678\0'),
    Buffer.from([0x09, 0xa2, 33, 2, 0, 0x08, 0, 21]),
    Buffer.alloc(10),
    Buffer.from('123456789012\0'),
    Buffer.from('mysql_native_password\0'),
  ]),
)
const ok = (sequence: number) => packet(sequence, Buffer.from([0, 0, 0, 2, 0, 0, 0]))

/** A column `a` of text. */
const COLUMN = Buffer.from('\x03def\x01d\x01t\x01t\x01a\x01a\x0c\x21\0\x09\0\0\0\xfd\0\0\0\0\0', 'latin1')
const ONE_COLUMN = Buffer.concat([
  packet(1, Buffer.from([1])),
  packet(2, COLUMN),
  packet(3, Buffer.from([0xfe, 0, 0, 2, 0])),
])

/** Numbered on from 4 as MySQL does, so that they can be sent again and again. */
const ROWS = Buffer.concat(Array.from({ length: 256 * 16 }, (_, i) => packet((4 + i) & 255, Buffer.from('\x01a'))))
/** As much as a packet holds: it goes on in the next. */
const PART_OF_A_ROW = Buffer.concat([Buffer.from([255, 255, 255, 4]), Buffer.alloc(0xffffff, 0x61)])
const COLUMNS = Buffer.concat(Array.from({ length: 256 * 16 }, (_, i) => packet((2 + i) & 255, COLUMN)))

/** What a hostile server answers to a statement: these bytes, then those again and again. */
export const MYSQL_FLOODS: readonly (readonly [string, Buffer, Buffer])[] = [
  ['rows', ONE_COLUMN, ROWS],
  ['bytes of a row', ONE_COLUMN, PART_OF_A_ROW],
  ['columns', packet(1, Buffer.from([0xfd, 255, 255, 255])), COLUMNS],
]

/** Starts a server that greets everybody with a packet without end. Returns its port. */
export async function floodingGreeter(): Promise<number> {
  const part = Buffer.concat([Buffer.from([255, 255, 255, 0]), Buffer.alloc(0xffffff)])
  return (await startTcpServer((socket) => endlessly(socket, Buffer.alloc(0), part))).port
}

/** Starts a MySQL server that lets everybody in and answers whatever is asked with a flood. Returns its port. */
export async function floodingMysql(first: Buffer, again: Buffer): Promise<number> {
  const server = await startTcpServer((socket) => {
    let greeted = false
    socket.on('data', (said) => {
      if (!greeted) socket.write(ok(2))
      else if (said.includes('SET time_zone')) socket.write(ok(1))
      else endlessly(socket, first, again)
      greeted = true
    })
    socket.write(GREETING)
  })
  return server.port
}
