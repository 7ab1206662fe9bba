import { type CassandraAddress, freshName } from '@millrace/testkit'
import { Client } from 'cassandra-driver'
import { onTestFinished } from 'vitest'

/** A keyspace of the test's own, as an address and as who looks into it. */
export function openKeyspace({ user, host, port, password, ca }: CassandraAddress) {
  const keyspace = freshName('rows').replaceAll('-', '_')
  const client = new Client({
    ...{ contactPoints: [`${host}:${port}`], localDataCenter: 'datacenter1' },
    credentials: { username: user, password },
  })
  onTestFinished(() => client.shutdown())
  process.env.CASSANDRA_PASSWORD = password
  return {
    name: keyspace,
    address: (key: string) => `cassandra://${user}@${host}:${port}/${keyspace}?primaryKey=${key}&ssl=true&ca=${ca}`,
    /** `$` in the statement is the keyspace. */
    change: (statement: string) => client.execute(statement.replace('$', keyspace)),
    rows: async (select: string, from: string) =>
      (await client.execute(`SELECT ${select} FROM "${keyspace}"."${from}"`)).rows,
  }
}
