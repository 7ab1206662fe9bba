import type { Runtime } from '@millrace/base'
import type pg from 'pg'
import type { PostgresCdcAddress } from '../address.ts'
import { lsnText } from '../position.ts'
import { fromPostgres } from '../server/postgres-error.ts'
import { connect, quoteName, quoteText } from '../server/server.ts'
import { type LogMessage, readMessage } from './pgoutput.ts'

export interface LogStream {
  pause(): void
  resume(): void
  /** Tells the server that it need not keep what comes before a place. */
  confirm(lsn: bigint): void
  /** Asks the server how far it is. */
  ask(): void
  close(): Promise<void>
}

export interface LogListener {
  /** `lsn` is where the log has it. */
  message(message: LogMessage, lsn: bigint): void
  /** All that was committed before this place has come. */
  reached(lsn: bigint): void
  /** Called once, with what ended the stream. */
  failed(error: unknown): void
}

/** What the library's connection has for replication, of which its types say nothing. */
interface RawConnection {
  on(event: 'copyData', listener: (message: { readonly chunk: Buffer }) => void): void
  once(event: 'replicationStart', listener: () => void): void
  once(event: 'end', listener: () => void): void
  sendCopyFromChunk(bytes: Buffer): void
  readonly stream: { pause(): void; resume(): void; destroy(): void }
}

const [DATA, KEEPALIVE] = [0x77, 0x6b]
const DATA_HEAD = 25
/** Maximum size of a change of a row. */
const LARGEST_CHANGE = 256 << 20
/** Well below wal_sender_timeout, which is a minute unless the server says otherwise. */
const STATUS_EVERY_MS = 10_000
/** A server that answers nothing for so long is gone, with whatever is between. */
const SILENT_MS = 60_000

/** Follows the log from a place on, through a slot. */
export async function openStream(
  address: PostgresCdcAddress,
  { slot, publication, from }: { readonly slot: string; readonly publication: string; readonly from: bigint },
  listener: LogListener,
  runtime: Runtime,
): Promise<LogStream> {
  const { client, guard } = await connect(address, 'replication')
  guard.allow(LARGEST_CHANGE)
  const raw = (client as unknown as { readonly connection: RawConnection }).connection
  const ended = Promise.withResolvers<void>()
  raw.once('end', ended.resolve)
  const closing = new AbortController()
  const doing = `reading the log of ${address.host}:${address.port}/${address.database} by slot ${slot}`
  const fail = (error: unknown) => {
    if (closing.signal.aborted) return
    closing.abort()
    raw.stream.destroy()
    listener.failed(fromPostgres(error, doing))
  }
  let confirmed = 0n
  let received = from
  let heardAt = runtime.monotonic()
  let isPaused = false
  const status = (asks: boolean) => {
    if (!closing.signal.aborted) raw.sendCopyFromChunk(statusMessage(received, confirmed, asks, runtime.now()))
  }
  const take = (chunk: Buffer) => {
    if (chunk[0] === DATA) listener.message(readMessage(chunk.subarray(DATA_HEAD)), chunk.readBigUInt64BE(1))
    else if (chunk[0] === KEEPALIVE) {
      received = chunk.readBigUInt64BE(1)
      listener.reached(received)
      if (chunk[17] === 1) status(false)
    }
  }
  raw.on('copyData', ({ chunk }) => {
    if (closing.signal.aborted) return
    heardAt = runtime.monotonic()
    guard.allow(LARGEST_CHANGE)
    try {
      take(chunk)
    } catch (error) {
      fail(error)
    }
  })
  await startedWhenFree(() => started(client, raw, slot, publication, from), runtime).catch((error: unknown) => {
    closing.abort()
    client.end().catch(() => {})
    throw fromPostgres(error, doing)
  })
  client.on('error', fail)
  raw.once('end', () => fail(new Error('the server has closed the connection')))
  const showLife = () => {
    if (!isPaused && runtime.monotonic() - heardAt > SILENT_MS) fail(new Error('the connection has fallen silent'))
    status(true)
  }
  void repeat(showLife, runtime, closing.signal)
  return {
    pause() {
      isPaused = true
      raw.stream.pause()
    },
    resume() {
      isPaused = false
      heardAt = runtime.monotonic()
      raw.stream.resume()
    },
    confirm(lsn) {
      if (lsn <= confirmed) return
      confirmed = lsn
      status(false)
    },
    ask: () => status(true),
    async close() {
      status(false)
      closing.abort()
      raw.stream.resume()
      client.end().catch(() => {})
      // The slot is free when the server has closed its end.
      await Promise.race([ended.promise, runtime.sleep(CLOSE_WITHIN_MS)])
      raw.stream.destroy()
    },
  }
}

const CLOSE_WITHIN_MS = 2_000

const IN_USE = '55006'
const FREE_WITHIN_MS = 3_000
const ASK_AGAIN_MS = 50

/** Tries again for a while when the slot is in use: a server frees it a moment after its reader went away. */
async function startedWhenFree(start: () => Promise<void>, runtime: Runtime): Promise<void> {
  const until = runtime.monotonic() + FREE_WITHIN_MS
  for (;;) {
    try {
      return await start()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== IN_USE || runtime.monotonic() > until) throw error
      await runtime.sleep(ASK_AGAIN_MS)
    }
  }
}

/** Settles when the server begins to send; its answer to the statement itself comes only when it fails. */
function started(
  client: pg.Client,
  raw: RawConnection,
  slot: string,
  publication: string,
  from: bigint,
): Promise<void> {
  const options = `proto_version '1', publication_names ${quoteText(quoteName(publication))}`
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  raw.once('replicationStart', resolve)
  client
    .query(`START_REPLICATION SLOT ${quoteName(slot)} LOGICAL ${lsnText(from)} (${options})`)
    .then(() => reject(new Error('the server has ended the log')), reject)
  return promise
}

async function repeat(work: () => void, runtime: Runtime, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await runtime.sleep(STATUS_EVERY_MS, signal).catch(() => {})
    work()
  }
}

const EPOCH_MS = 946_684_800_000

/** Returns the standby's status: what was received, and what is committed on our side. */
function statusMessage(received: bigint, confirmed: bigint, asks: boolean, now: number): Buffer {
  const message = Buffer.alloc(34)
  message.write('r')
  message.writeBigUInt64BE(received > confirmed ? received : confirmed, 1)
  message.writeBigUInt64BE(confirmed, 9)
  message.writeBigUInt64BE(confirmed, 17)
  message.writeBigInt64BE(BigInt(Math.floor(now) - EPOCH_MS) * 1000n, 25)
  message.writeUInt8(asks ? 1 : 0, 33)
  return message
}
