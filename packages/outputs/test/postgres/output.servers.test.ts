import { MillraceError } from '@millrace/base'
import { freshName, type PostgresAddress, withServices } from '@millrace/testkit'
import pg from 'pg'
// The session is private on purpose; here it fails as connections do.
import { parsePostgresAddress } from '../../src/postgres/address.ts'
import { postgresOutput } from '../../src/postgres/output.ts'
import { openSession, type Session } from '../../src/postgres/session.ts'
import { userRecord } from '../batches.ts'
import { describeOutput, type StoreFaults } from '../contract.ts'

let server: PostgresAddress
const test = withServices('postgres').extend('server', { auto: true }, ({ postgres }) => {
  server = postgres
})

describeOutput('PostgreSQL', { storeCanFail: true, test: test as never }, async () => {
  const at = { schema: freshName('contract'), table: 'user' }
  process.env.PGPASSWORD = server.password
  const { user, host, port, database, ca } = server
  const address = `postgres://${user}@${host}:${port}/${database}?schema=${at.schema}&ca=${ca}`
  return {
    message: userRecord,
    open: ({ faults, ...context }) =>
      postgresOutput(failing(openSession(parsePostgresAddress(address), 'PostgreSQL'), faults), at, {
        ...context,
        ...{ address, table: at.table, store: undefined as never },
      }),
    async visible() {
      const client = await connected(server)
      try {
        const { rows } = await client.query(`SELECT ind FROM "${at.schema}"."user" ORDER BY ind`)
        return rows.map(({ ind }) => Number(ind))
      } finally {
        await client.end()
      }
    },
    async close() {
      const client = await connected(server)
      await client.query(`DROP SCHEMA IF EXISTS "${at.schema}" CASCADE`)
      await client.end()
    },
  }
})

async function connected({ host, port, user, password, database }: PostgresAddress): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user, password, database, ssl: { rejectUnauthorized: false } })
  await client.connect()
  return client
}

/** A connection that breaks before, while or after the server does what it was asked. */
function failing(session: Session, faults: StoreFaults): Session {
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
