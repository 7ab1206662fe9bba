import type { Runtime } from '@millrace/base'
import { flooded, guardFlood, mysqlLogin } from '@millrace/transport'
import { createPool, type Pool, type PoolConnection, type PoolOptions, type QueryOptions } from 'mysql2'
import type { MysqlAddress } from './address.ts'
import { fromMysql, isGone } from './mysql-error.ts'
import { encodeRows, type Fields, type Row, type Rows } from './rows.ts'

/** Values of a statement's placeholders. */
export type Values = (string | number | (string | number)[])[]

export interface Database {
  /** Runs a query and repeats it if the connection is lost. Use it only for queries that may run twice. */
  read(sql: string, values?: Values): Promise<Rows>
  /** Streams the records of a query of any size. The server waits while the records are not consumed. */
  stream(sql: string): AsyncGenerator<Uint8Array[]>
  close(): Promise<void>
}

const CONNECTIONS = 8
const TRIES = 6
const FIRST_PAUSE_MS = 100
const ROWS_AT_ONCE = 1_000
/** Maximum number of rows of an answer in memory. The longest one is the list of keys to draw from. */
const MOST_ROWS = 200_000
/** Maximum size of the description of the columns, of which a table has at most 4,096. */
const LARGEST_HEADER = 4 << 20
/** Maximum size of a page or of one row of a stream. A server that sends more is not MySQL. */
const LARGEST_ANSWER = 128 << 20

/** Reads dates and times as MySQL's text and large numbers exactly. */
const PLAIN = { dateStrings: true, supportBigNumbers: true } as const

export function openDatabase(address: MysqlAddress, runtime: Runtime): Database {
  const pool = createPool(poolOptions(address))
  pool.on('connection', (connection) => connection.query("SET time_zone = '+00:00'"))
  const doing = `reading mysql://${address.host}:${address.port}/${address.database}`
  return {
    async read(sql, values = []) {
      for (let tries = 1; ; tries++) {
        try {
          return await query(pool, { sql, values })
        } catch (error) {
          if (!isGone(error) || tries === TRIES) throw fromMysql(error, doing)
          await runtime.sleep(FIRST_PAUSE_MS * 2 ** tries * (0.5 + runtime.random() / 2))
        }
      }
    },
    async *stream(sql) {
      try {
        yield* streamed(pool, sql)
      } catch (error) {
        throw fromMysql(error, doing)
      }
    },
    // Closing a failed connection fails too; why it failed was reported before.
    close: () =>
      pool
        .promise()
        .end()
        .catch(() => {}),
  }
}

function poolOptions(address: MysqlAddress): PoolOptions {
  return { ...mysqlLogin(address), database: address.database, connectionLimit: CONNECTIONS, ...PLAIN }
}

/** Runs a query whose answer has at most `MOST_ROWS` rows. */
async function query(pool: Pool, options: QueryOptions): Promise<Rows> {
  const connection = await connectionOf(pool)
  const guard = guardFlood(connection)
  guard.allow(LARGEST_HEADER)
  const rows: Row[] = []
  const { promise: asked, resolve, reject: refuse } = Promise.withResolvers<Rows>()
  let fields: Fields = []
  const answering = connection.query(options)
  answering.on('fields', (columns: unknown) => {
    fields = columns as Fields
    guard.allow(LARGEST_ANSWER)
  })
  answering.on('result', (row: unknown) => {
    if (rows.length < MOST_ROWS) rows.push(row as Row)
    else refuse(flooded())
  })
  answering.on('error', refuse)
  // The library reports the end of the connection only to the connection itself.
  connection.once('error', refuse)
  answering.on('end', () => resolve({ rows, fields }))
  asked.catch(() => {})
  let ended = false
  try {
    const answer = await Promise.race([asked, guard.broken])
    ended = true
    return answer
  } finally {
    guard.end()
    // After a refused statement the connection could be released as well, but a new one costs little.
    if (ended) {
      connection.off('error', refuse)
      connection.release()
    } else connection.destroy()
  }
}

function connectionOf(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, taken) => (error ? reject(error) : resolve(taken)))
  })
}

async function* streamed(pool: Pool, sql: string): AsyncGenerator<Uint8Array[]> {
  const connection = await connectionOf(pool)
  const guard = guardFlood(connection)
  guard.allow(LARGEST_HEADER)
  let ended = false
  try {
    const answering = connection.query(sql)
    let fields: Fields = []
    answering.on('fields', (columns: unknown) => {
      fields = columns as Fields
      guard.allow(LARGEST_ANSWER)
    })
    let rows: Row[] = []
    const stream = answering.stream({ highWaterMark: ROWS_AT_ONCE })
    guard.broken.catch((error: Error) => stream.destroy(error))
    for await (const row of stream) {
      guard.allow(LARGEST_ANSWER)
      if (rows.push(row as Row) < ROWS_AT_ONCE) continue
      yield encodeRows({ rows, fields })
      rows = []
    }
    if (rows.length > 0) yield encodeRows({ rows, fields })
    ended = true
  } finally {
    guard.end()
    // The next user of the connection would have to read the rest of the answer first.
    if (ended) connection.release()
    else connection.destroy()
  }
}
