/// <reference path="./driver-internals.d.ts" />
import { Transform } from 'node:stream'
import { MillraceError } from '@millrace/base'
import Connection from 'cassandra-driver/lib/connection.js'
import { FrameReader } from 'cassandra-driver/lib/readers.js'
import { type Parser, ResultEmitter } from 'cassandra-driver/lib/streams.js'

const MEGABYTE = 1 << 20
/** A page of rows is far smaller; the driver keeps an answer until its last byte has come. */
const LARGEST_ANSWER = 64 * MEGABYTE
/** Maximum size of the events that nodes send between two answers. */
const LARGEST_NEWS = MEGABYTE
const MOST_ROWS = 1_000_000
const MOST_COLUMNS = 10_000

const HEADER = 9
/** Where a header has the number of what was asked, and how many bytes follow. */
const STREAM_AT = 2
const LENGTH_AT = 5
/** Versions of the protocol; the first byte of an answer has another bit set. */
const SPOKEN = new Set([3, 4])
const ANSWER = 0x80
/** The kind of answer in which another count of columns follows. */
const PREPARED = 4

/** The application name that identifies connections of an output among others of the process. */
export const APPLICATION = 'millrace'

let guarded = false

/**
 * Guards the driver's connections of this application against a server whose answers are malformed, larger than asked
 * for, or endless. The driver throws such errors where nobody can catch them, and has no bound; with the guard the
 * connection ends and pending calls fail.
 */
export function guardConnections(): void {
  if (guarded) return
  guarded = true
  const { bindSocketListeners } = Connection.prototype
  Connection.prototype.bindSocketListeners = function (this: Connection) {
    bindSocketListeners.call(this)
    if (this.options.applicationName === APPLICATION) guardConnection(this)
  }
  const { readMetadata } = FrameReader.prototype
  FrameReader.prototype.readMetadata = function (this: FrameReader, kind) {
    if (SPOKEN.has(this.header.version)) refuseColumns(this, kind)
    return readMetadata.call(this, kind)
  }
}

function refuseColumns({ buf, offset }: FrameReader, kind: number): void {
  const counts = kind === PREPARED ? [offset + 4, offset + 8] : [offset + 4]
  for (const at of counts) if (at + 4 <= buf.length && buf.readInt32BE(at) > MOST_COLUMNS) throw malformed()
}

/** Refuses rows that the answer cannot hold. */
function guardRows(parser: Parser): void {
  const parseRows = parser.parseRows.bind(parser)
  parser.parseRows = (frame, reader) => {
    const cells = frame.meta.columns.length
    const left = reader.buf.length - reader.offset
    const rows = left < 4 ? 0 : reader.buf.readInt32BE(reader.offset)
    if (rows > MOST_ROWS || rows * cells * 4 > left || (rows > 0 && cells === 0)) {
      parser.handleParsingError(malformed(), frame, null)
    } else parseRows(frame, reader)
  }
}

function guardConnection(connection: Connection): void {
  const { netClient, protocol, parser } = connection
  guardRows(parser)
  const leave = (error: Error) => {
    netClient.unpipe()
    connection.clearAndInvokePending(error instanceof MillraceError ? error : malformed(error))
    netClient.destroy()
  }
  const results = new ResultEmitter({ objectMode: true })
  results.on('result', connection.handleResult.bind(connection))
  results.on('row', connection.handleRow.bind(connection))
  results.on('frameEnded', connection.freeStreamId.bind(connection))
  results.on('nodeEvent', connection.handleNodeEvent.bind(connection))
  const frames = framesOf(connection)
  for (const each of [frames, protocol, parser, results]) each.on('error', leave)
  netClient.unpipe()
  parser.unpipe()
  parser.pipe(results)
  netClient.pipe(frames).pipe(protocol)
}

/** Passes bytes on as long as they are of answers that somebody waits for. */
function framesOf(connection: Connection): Transform {
  let header = Buffer.alloc(0)
  let body = 0
  let news = 0
  const begin = (head: Buffer) => {
    if (!SPOKEN.has(head.readUInt8(0) - ANSWER)) throw malformed()
    const [stream, length] = [head.readInt16BE(STREAM_AT), head.readUInt32BE(LENGTH_AT)]
    const asked = connection._operations.has(stream)
    news = asked ? 0 : news + HEADER + length
    if (length > LARGEST_ANSWER || news > LARGEST_NEWS || (stream >= 0 && !asked)) throw flooded()
    body = length
  }
  const read = (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(body, chunk.length - at)
      body -= taken
      at += taken
      if (body > 0 || at === chunk.length) continue
      const part = chunk.subarray(at, at + HEADER - header.length)
      at += part.length
      header = Buffer.concat([header, part])
      if (header.length < HEADER) continue
      begin(header)
      header = Buffer.alloc(0)
    }
  }
  return new Transform({
    transform(chunk: Buffer, _, done) {
      try {
        read(chunk)
        done(null, chunk)
      } catch (error) {
        done(error as Error)
      }
    },
  })
}

function flooded(): MillraceError {
  return new MillraceError('OUTPUT_REFUSED', 'the Cassandra node answers with more than was asked for', {
    next: 'Check the address.',
  })
}

function malformed(cause?: Error): MillraceError {
  return new MillraceError('OUTPUT_REFUSED', 'the Cassandra node answers with something that is not its protocol', {
    next: 'Check the address.',
    ...(cause && { cause }),
  })
}
