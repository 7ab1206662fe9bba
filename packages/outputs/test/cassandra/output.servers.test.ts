import { MillraceError } from '@millrace/base'
import { type CassandraAddress, freshName, withServices } from '@millrace/testkit'
import { Client } from 'cassandra-driver'
// The session is private on purpose; here it fails as connections do.
import { parseCassandraAddress } from '../../src/cassandra/address.ts'
import { cassandraOutput } from '../../src/cassandra/output.ts'
import { openSession, type Session } from '../../src/cassandra/session.ts'
import { userRecord } from '../batches.ts'
import { describeOutput, type StoreFaults } from '../contract.ts'

let server: CassandraAddress
const test = withServices('cassandra').extend('server', { auto: true }, ({ cassandra }) => {
  server = cassandra
})

/** Making a keyspace takes a node long: all share one, and each has a table. */
const keyspace = freshName('contract').replaceAll('-', '_')

describeOutput('Cassandra', { storeCanFail: true, delivery: 'once per key', test: test as never }, async () => {
  const table = freshName('user').replaceAll('-', '_')
  process.env.CASSANDRA_PASSWORD = server.password
  const { user, host, port, ca } = server
  const address = `cassandra://${user}@${host}:${port}/${keyspace}?primaryKey=ind&ssl=true&ca=${ca}`
  const client = new Client({
    ...{ contactPoints: [`${host}:${port}`], localDataCenter: 'datacenter1' },
    credentials: { username: user, password: server.password },
  })
  return {
    message: userRecord,
    open: ({ faults, ...context }) => {
      const parsed = parseCassandraAddress(address)
      return cassandraOutput(failing(openSession(parsed, 'Cassandra'), faults), parsed, {
        ...context,
        ...{ address, table, store: undefined as never },
      })
    },
    async visible() {
      const { rows } = await client.execute(`SELECT ind FROM "${keyspace}"."${table}"`)
      return rows.map(({ ind }) => Number(ind)).sort((a, b) => a - b)
    },
    close: () => client.shutdown(),
  }
})

/** A connection that breaks before, while or after the nodes do what they were asked. */
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
    ...session,
    execute: (query, params) => call(() => session.execute(query, params)),
    readSerially: (query, params) => call(() => session.readSerially(query, params)),
    conditionally: (statements) => call(() => session.conditionally(statements)),
  }
}
