import { type CassandraAddress, freshName, type PostgresAddress } from '@millrace/testkit'
import { Client } from 'cassandra-driver'
import pg from 'pg'

/** A place for clean rows in a database, and all of its rows as a client of the database sees them. */
export interface Database {
  readonly output: string
  /** The numbers of the users, as often as each is there. */
  users(): Promise<string[]>
}

export function inPostgres({ user, host, port, database, password, ca }: PostgresAddress): Database {
  const schema = freshName('sim')
  process.env.PGPASSWORD = password
  return {
    output: `postgres://${user}@${host}:${port}/${database}?schema=${schema}&ca=${ca}`,
    async users() {
      const client = new pg.Client({ host, port, user, password, database, ssl: { rejectUnauthorized: false } })
      await client.connect()
      const { rows } = await client.query(`SELECT ind FROM "${schema}"."user"`)
      await client.end()
      return rows.map(({ ind }) => String(ind))
    },
  }
}

export function inCassandra({ user, host, port, password, ca }: CassandraAddress): Database {
  const keyspace = freshName('sim').replaceAll('-', '_')
  process.env.CASSANDRA_PASSWORD = password
  return {
    output: `cassandra://${user}@${host}:${port}/${keyspace}?primaryKey=ind&ssl=true&ca=${ca}`,
    async users() {
      const client = new Client({
        ...{ contactPoints: [`${host}:${port}`], localDataCenter: 'datacenter1' },
        credentials: { username: user, password },
      })
      const { rows } = await client.execute(`SELECT ind FROM "${keyspace}"."user"`, [], { fetchSize: 100_000 })
      await client.shutdown()
      return rows.map(({ ind }) => String(ind))
    },
  }
}
