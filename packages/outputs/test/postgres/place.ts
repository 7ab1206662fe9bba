import { MillraceError } from '@millrace/base'
import type { PostgresAddress } from '@millrace/testkit'
import pg from 'pg'
// The session is private on purpose; here it fails as connections do.
import type { Session } from '../../src/postgres/session.ts'
import type { StoreFaults } from '../contract.ts'

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
  let calls = 0
  const broken = () => new MillraceError('STORE_FAILED', 'the connection broke')
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    const fault = faults(calls++)
    if (fault === 'refused') throw broken()
    if (fault === 'slow') await new Promise(setImmediate)
    const working = work()
    if (fault === 'late') {
      working.catch(() => {})
      throw broken()
    }
    const answer = await working
    if (fault === 'answer lost') throw broken()
    return answer
  }
  return {
    query: (sql, values) => call(() => session.query(sql, values)),
    copy: (into, file) => call(() => session.copy(into, file)),
    drop: () => session.drop(),
  }
}
