import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { guardPostgres, LARGEST_POSTGRES_ANSWER, type PostgresGuard, postgresLogin } from '@millrace/transport'
import pg from 'pg'
import { from } from 'pg-copy-streams'
import type { PostgresAddress } from './address.ts'
import { flooded, fromPostgres } from './postgres-error.ts'

/** What is asked of the server, one after the other, over one connection. */
export interface Session {
  query(sql: string, values?: readonly unknown[]): Promise<pg.QueryResult>
  /** Copies a CSV file into a table. */
  copy(into: string, file: string): Promise<void>
  /** Ends what has been begun, by the connection's end if need be. The next call makes a new one. */
  drop(): Promise<void>
}

const CONNECT_WITHIN_MS = 10_000
/** Keeps a server that went away without a word from holding a commit for ever. */
const STATEMENT_WITHIN_MS = 300_000

/** Opens a session that connects when it is first asked, and again after it broke. */
export function openSession(address: PostgresAddress, what: string): Session {
  let connected: Promise<Connected> | undefined
  const client = () => {
    connected ??= connect(address).catch((error: unknown) => {
      connected = undefined
      throw fromPostgres(error, what)
    })
    return connected
  }
  const drop = async () => {
    const dropped = connected
    connected = undefined
    await dropped?.then(({ client: each }) => each.end()).catch(() => {})
  }
  const asked = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const { client: now, guard } = await client()
    guard.allow(LARGEST_POSTGRES_ANSWER)
    try {
      return await work(now)
    } catch (error) {
      throw fromPostgres(error, what)
    }
  }
  return {
    query: (sql, values = []) => asked((each) => each.query(sql, [...values])),
    copy: (into, file) =>
      asked((each) => pipeline(createReadStream(file), each.query(from(`COPY ${into} FROM STDIN (FORMAT csv)`)))),
    drop,
  }
}

interface Connected {
  readonly client: pg.Client
  readonly guard: PostgresGuard
}

async function connect(address: PostgresAddress): Promise<Connected> {
  const client = new pg.Client({
    ...postgresLogin(address),
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    query_timeout: STATEMENT_WITHIN_MS,
  })
  const guard = guardPostgres(client, flooded)
  // A connection that breaks while nothing is asked shows at the next question.
  client.on('error', () => {})
  await client.connect()
  await client.query("SET TIME ZONE 'UTC'")
  return { client, guard }
}
