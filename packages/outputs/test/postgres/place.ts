import type { PostgresAddress } from '@millrace/testkit'
import pg from 'pg'
// The session is private on purpose; here it fails as connections do.
import type { Session } from '../../src/postgres/session.ts'
import type { StoreFaults } from '../contract.ts'
import { failingCalls } from '../failing-calls.ts'

export async function connected({ host, port, user, password, database }: PostgresAddress): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user, password, database, ssl: { rejectUnauthorized: false } })
  await client.connect()
  return client
}

/** Asks over a connection of its own. */
export async function asked(server: PostgresAddress, sql: string): Promise<Record<string, unknown>[]> {
  const client = await connected(server)
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** A connection that breaks before, while or after the server does what it was asked. */
export function failing(session: Session, faults: StoreFaults): Session {
  const call = failingCalls(faults)
  return {
    query: (sql, values) => call(() => session.query(sql, values)),
    copy: (into, file) => call(() => session.copy(into, file)),
    drop: () => session.drop(),
  }
}
