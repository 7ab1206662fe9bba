import type { Runtime } from '@millrace/base'
import type { Connection } from 'mysql2/promise'
import { guardFlood } from '../../mysql/flood-guard.ts'
import type { MysqlCdcAddress } from '../address.ts'
import { fromMysql } from '../server/mysql-error.ts'
import { connect, fileName } from '../server/server.ts'

/** An event of the log. */
export interface LogEvent {
  readonly type: number
  /** Seconds since 1970. */
  readonly time: number
  readonly serverId: number
  /** Where the event ends in its file; 0: the server has made it up. */
  readonly end: number
  readonly size: number
  /** Valid until the next event. */
  readonly body: Buffer
}

export interface Dump {
  pause(): void
  resume(): void
  close(): void
}

interface Packet {
  readonly buffer: Buffer
  readonly offset: number
  readonly end: number
  isEOF(): boolean
  isError(): boolean
  asError(encoding: string): Error
}

/** A command of the library: it is given each packet of the answer, the first time none, and says whether that was all. */
interface Command {
  execute(packet: Packet | undefined): boolean
  onResult(error: Error): void
}

/** What the library's own connection has for commands, of which it shows no types. Its own command for logs is broken. */
interface RawConnection {
  addCommand(command: Command): void
  _resetSequenceId(): void
  _bumpSequenceId(by: number): void
  write(bytes: Buffer): void
  on(event: 'error' | 'end', listener: (error?: Error) => void): void
  pause(): void
  resume(): void
  destroy(): void
  readonly stream: { destroy(): void }
}

const HEADER = 19
/** Maximum size of an event: those of a statement are in several, but a row is in one. */
const LARGEST_EVENT = 256 << 20
const HEARTBEAT_SECONDS = 10

export interface DumpStart {
  readonly base: string
  readonly file: bigint
  readonly pos: bigint
  /** The number of the server whose place it is. */
  readonly server?: bigint
  /** Only what comes behind this transaction of MariaDB is wanted, wherever it is. */
  readonly behind?: string
}

/** Follows the log from an event on. `fail` is called once, with what ended it. */
export async function openDump(
  address: MysqlCdcAddress,
  { base, file, pos, server, behind }: DumpStart,
  onEvent: (event: LogEvent) => void,
  fail: (error: unknown) => void,
  runtime: Runtime,
): Promise<Dump> {
  const connection = await connect(address)
  const from = behind === undefined ? fileName(base, file) : ''
  const doing = `reading the log of ${address.host}:${address.port} from ${from ? `${from}:${pos}` : behind}`
  const failOnce = (error: unknown) =>
    fail(fromMysql(error ?? new Error('the server has closed the connection'), doing))
  const raw = (connection as unknown as { readonly connection: RawConnection }).connection
  await prepare(connection, server, behind).catch((error: unknown) => {
    connection.destroy()
    throw fromMysql(error, doing)
  })
  raw.on('error', failOnce)
  raw.on('end', failOnce)
  const guard = guardFlood(raw)
  guard.allow(LARGEST_EVENT)
  guard.broken.catch(failOnce)
  let isOver = false
  const withoutChecksum = createStripper()
  const endWith = (error: unknown) => {
    isOver = true
    guard.end()
    failOnce(error)
  }
  raw.addCommand({
    onResult: failOnce,
    execute(packet) {
      if (isOver) return false
      if (packet === undefined) {
        raw._resetSequenceId()
        raw._bumpSequenceId(1)
        raw.write(request(from, pos, runtime.random()))
      } else if (packet.isError()) endWith(packet.asError('utf8'))
      else if (packet.isEOF()) endWith(new Error('the server has ended the log'))
      else {
        try {
          const found = eventIn(packet)
          // The name of the first file is needed only if none was asked for; a checksum may follow it.
          const event = withoutChecksum(found) ?? (behind === undefined ? undefined : found)
          if (event) onEvent(event)
          guard.allow(LARGEST_EVENT)
        } catch (error) {
          endWith(error)
        }
      }
      return false
    },
  })
  return {
    pause: () => raw.pause(),
    resume: () => raw.resume(),
    close() {
      isOver = true
      guard.end()
      // A quit command would have no effect: the server reads nothing while it sends a log.
      raw.stream.destroy()
    },
  }
}

const BINLOG_DUMP = 0x12

/** Returns the packet that asks for the log from a place on. */
function request(file: string, pos: bigint, random: number): Buffer {
  const name = Buffer.from(file)
  const packet = Buffer.alloc(4 + 11 + name.length)
  packet.writeUIntLE(11 + name.length, 0, 3)
  packet.writeUInt8(BINLOG_DUMP, 4)
  packet.writeUInt32LE(Number(pos), 5)
  // A number of its own: the server ends an older reader that comes with the same.
  packet.writeUInt32LE(1_000_000_000 + Math.floor(random * 1_000_000_000), 11)
  name.copy(packet, 15)
  return packet
}

const FORMAT = 15
const CHECKSUM = 4

/** Takes the checksums off the events: the description of the format, which comes first, says whether there are any. */
function createStripper(): (event: LogEvent) => LogEvent | undefined {
  let length: number | undefined
  return (event) => {
    // It ends with the kind of checksum and room for one.
    if (event.type === FORMAT) length = event.body.at(-CHECKSUM - 1) === 1 ? CHECKSUM : 0
    // What comes before it only repeats the name of the file.
    if (length === undefined) return undefined
    return { ...event, body: event.body.subarray(0, event.body.length - length) }
  }
}

/** Says that checksums are known, asks for the events of MariaDB's GTIDs, and for signs of life. */
async function prepare(connection: Connection, server: bigint | undefined, behind: string | undefined): Promise<void> {
  const [[found]] = (await connection.query('SELECT @@server_id')) as unknown as [[[Buffer]]]
  if (server !== undefined && found[0].toString() !== String(server)) {
    throw new Error(`it is server ${found[0]} now, and was server ${server} a moment ago`)
  }
  if (behind !== undefined) {
    // Strict: it must have the transaction itself, not only later ones of the same server.
    await connection.query(`SET @slave_connect_state = '${behind}', @slave_gtid_strict_mode = 1`)
  }
  await connection.query(
    'SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum',
  )
  await connection.query('SET @mariadb_slave_capability = 4')
  const period = HEARTBEAT_SECONDS * 1_000_000_000
  await connection.query(`SET @master_heartbeat_period = ${period}, @source_heartbeat_period = ${period}`)
}

function eventIn({ buffer, offset, end }: Packet): LogEvent {
  // The first byte says that this is no error.
  const at = offset + 1
  return {
    time: buffer.readUInt32LE(at),
    type: buffer.readUInt8(at + 4),
    serverId: buffer.readUInt32LE(at + 5),
    size: buffer.readUInt32LE(at + 9),
    end: buffer.readUInt32LE(at + 13),
    body: buffer.subarray(at + HEADER, end),
  }
}
