import type { Runtime } from '@millrace/base'
import { createPool, type Pool, type PoolConnection, type PoolOptions, type QueryOptions } from 'mysql2'
import type { MysqlAddress } from './address.ts'
import { flooded, guardFlood } from './flood.ts'
import { fromMysql, isGone } from './mysql-error.ts'
import { encodeRows, type Fields, type Row } from './rows.ts'

export interface Rows {
  readonly rows: readonly Row[]
  readonly fields: Fields
}

/** For the question marks of a statement. */
export type Values = (string | number | (string | number)[])[]

export interface Database {
  /** Asked again when the connection goes meanwhile: only for what may be asked twice. */
  read(sql: string, values?: Values): Promise<Rows>
  /** The records of a query of any size, some at a time; the server waits while nobody takes them. */
  stream(sql: string): AsyncGenerator<Uint8Array[]>
  close(): Promise<void>
}

const CONNECTIONS = 8
const TRIES = 6
const FIRST_PAUSE_MS = 100
const ROWS_AT_ONCE = 1_000
/** As many as there are keys to draw from, which is the longest answer that is held. */
const MOST_ROWS = 200_000
/** What is said of the columns, of which a table has at most 4,096. */
const LARGEST_HEADER = 4 << 20
/** The rows of a page, or one row of a whole table: then the server is no MySQL. */
const LARGEST_ANSWER = 128 << 20

/** Dates and times come as the text that they are, in UTC where MySQL would ask for a zone. */
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
    // A connection that has failed cannot take leave, and says so: why it failed has been told before.
    close: () =>
      pool
        .promise()
        .end()
        .catch(() => {}),
  }
}

function poolOptions({ host, port, user, password, database, tls }: MysqlAddress): PoolOptions {
  return {
    host,
    port,
    user,
    database,
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { ssl: tls === 'Amazon RDS' ? tls : { ...tls, verifyIdentity: true } }),
    charset: 'utf8mb4',
    connectionLimit: CONNECTIONS,
    ...PLAIN,
  }
}

/** What the statement gives, which is at most `MOST_ROWS`. */
async function query(pool: Pool, options: QueryOptions): Promise<Rows> {
  const connection = await connectionOf(pool)
  const guard = guardFlood(connection)
  guard.allow(LARGEST_HEADER)
  const rows: Row[] = []
  const asked = new Promise<Rows>((resolve, reject) => {
    let fields: Fields = []
    const answering = connection.query(options)
    answering.on('fields', (columns: unknown) => {
      fields = columns as Fields
      guard.allow(LARGEST_ANSWER)
    })
    answering.on('result', (row: unknown) => {
      if (rows.length < MOST_ROWS) rows.push(row as Row)
      else reject(flooded())
    })
    answering.on('error', reject)
    // What ends the connection is said to the connection alone.
    connection.once('error', reject)
    answering.on('end', () => resolve({ rows, fields }))
  })
  asked.catch(() => {})
  let ended = false
  try {
    const answer = await Promise.race([asked, guard.broken])
    ended = true
    return answer
  } finally {
    guard.end()
    // A statement that the server refuses has been answered to its end too, but that costs little.
    if (ended) connection.release()
    else connection.destroy()
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
    // What has not been read to its end would have to be read first by whoever takes the connection next.
    if (ended) connection.release()
    else connection.destroy()
  }
}
