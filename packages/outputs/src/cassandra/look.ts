import { parseCassandraAddress } from './address.ts'
import { openSession } from './session.ts'

/** Returns the cluster's version and whether the keyspace is there. */
export async function lookAtCassandra(address: string): Promise<string> {
  const parsed = parseCassandraAddress(address)
  const { keyspace, tls } = parsed
  const session = openSession(parsed, `Cassandra at ${parsed.contactPoints.join(', ')}`)
  try {
    const { rows } = await session.execute('SELECT release_version FROM system.local')
    const { rows: found } = await session.execute(
      'SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?',
      [keyspace],
    )
    const nodes = await session.nodes()
    const there = found.length > 0 ? '' : `, the worker makes the keyspace ${keyspace}`
    return `Cassandra ${rows[0]?.release_version}, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}, ${tls ? 'TLS' : 'no TLS'}${there}`
  } finally {
    await session.close()
  }
}
