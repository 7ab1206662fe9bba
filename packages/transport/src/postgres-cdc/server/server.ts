import { MillraceError } from '@millrace/base'
import pg from 'pg'
import { guardPostgres, LARGEST_POSTGRES_ANSWER, type PostgresGuard } from '../../postgres/flood-guard.ts'
import { postgresLogin } from '../../postgres/server-address.ts'
import type { PostgresCdcAddress } from '../address.ts'
import { flooded, fromPostgres } from './postgres-error.ts'

/** A value as the server writes it. */
export type Raw = string | null

export interface Server {
  /** Runs a statement; the values of its rows are the texts that the server sends, at most `maxBytes` of them. */
  rows(sql: string, values?: readonly unknown[], maxBytes?: number): Promise<Raw[][]>
  close(): Promise<void>
}

const CONNECT_WITHIN_MS = 10_000
const STATEMENT_WITHIN_MS = 300_000

/** Values look the same in rows and in the log: both connections have these settings. */
const SETTINGS = [
  ...["SET TIME ZONE 'UTC'", "SET datestyle = 'ISO, YMD'", "SET intervalstyle = 'postgres'"],
  // Money is $1,234.50 then.
  "SET lc_monetary = 'C'",
  ...['SET extra_float_digits = 1', "SET bytea_output = 'hex'", "SET client_encoding = 'UTF8'"],
  // A policy that hides rows is an error then, and no smaller table.
  'SET row_security = off',
].join('; ')

const asText = { getTypeParser: () => (value: unknown) => value }

export interface Connected {
  readonly client: pg.Client
  readonly guard: PostgresGuard
}

/** Connects, as a client or for replication. */
export async function connect(address: PostgresCdcAddress, kind: 'client' | 'replication'): Promise<Connected> {
  const client = new pg.Client({
    ...postgresLogin(address),
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    types: asText,
    ...(kind === 'replication' ? { replication: 'database' } : { query_timeout: STATEMENT_WITHIN_MS }),
  } as pg.ClientConfig)
  const guard = guardPostgres(client, flooded)
  // A pending call gets the error that ends the connection; without a listener it would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(SETTINGS)
    return { client, guard }
  } catch (error) {
    client.end().catch(() => {})
    throw fromPostgres(error, `connecting to postgres-cdc://${address.host}:${address.port}/${address.database}`)
  }
}

/**
 * Opens a connection when it is first needed, and again after one has broken. `failed` gets each error of the server: one
 * that shuts down reports it in answer to a statement, when connecting, or unasked.
 */
export function openServer(address: PostgresCdcAddress, failed: (error: unknown) => void = () => {}): Server {
  let opened: Promise<Connected> | undefined
  const connected = () => {
    opened ??= connect(address, 'client').then((made) => {
      made.client.on('error', (error) => {
        opened = undefined
        failed(error)
      })
      return made
    })
    return opened
  }
  return {
    async rows(sql, values = [], maxBytes = LARGEST_POSTGRES_ANSWER) {
      const asked = connected()
      try {
        const { client, guard } = await asked
        guard.allow(maxBytes)
        const { rows } = await client.query<Raw[]>({ text: sql, values: [...values], rowMode: 'array' })
        return rows
      } catch (error) {
        const known = fromPostgres(error, `reading ${address.host}:${address.port}/${address.database}`)
        if (opened === asked) opened = undefined
        asked.then(({ client }) => client.end()).catch(() => {})
        failed(error instanceof MillraceError ? error.cause : error)
        throw known
      }
    },
    async close() {
      await opened?.then(({ client }) => client.end()).catch(() => {})
    },
  }
}

export const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`
export const quoteText = (text: string) => `'${text.replaceAll("'", "''")}'`
