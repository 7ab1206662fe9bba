import { Client, policies, types } from 'cassandra-driver'
import type { CassandraAddress } from './address.ts'
import { fromCassandra } from './cassandra-error.ts'
import { APPLICATION, guardConnections } from './guard.ts'

export interface Statement {
  readonly query: string
  readonly params: readonly unknown[]
}

/** What is asked of the cluster. */
export interface Session {
  /** Runs a statement; a quorum of the copies answers. */
  execute(query: string, params?: readonly unknown[]): Promise<types.ResultSet>
  /** Reads the state after the last conditional write, also after one whose outcome is unknown. */
  readSerially(query: string, params: readonly unknown[]): Promise<types.ResultSet>
  /** Runs conditional statements on one partition of a table: all of them, or none. Returns whether they were applied. */
  conditionally(statements: readonly Statement[]): Promise<boolean>
  /** How many nodes there are. */
  nodes(): Promise<number>
  close(): Promise<void>
}

const CONNECT_WITHIN_MS = 10_000
const ANSWER_WITHIN_MS = 12_000

/** Opens a session that connects when it is first asked, and again after it could not. */
export function openSession(address: CassandraAddress, what: string): Session {
  let connected: Promise<Client> | undefined
  const client = () => {
    connected ??= connect(address).catch((error: unknown) => {
      connected = undefined
      throw error
    })
    return connected
  }
  const asked = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    try {
      return await work(await client())
    } catch (error) {
      throw fromCassandra(error, what)
    }
  }
  return {
    execute: (query, params = []) => asked((each) => each.execute(query, [...params], ASKED)),
    readSerially: (query, params) => asked((each) => each.execute(query, [...params], SERIALLY)),
    conditionally: (statements) =>
      asked(async (each) => {
        const [only] = statements
        const result =
          statements.length === 1 && only
            ? await each.execute(only.query, [...only.params], CONDITIONAL)
            : await each.batch(
                statements.map(({ query, params }) => ({ query, params: [...params] })),
                CONDITIONAL,
              )
        return result.wasApplied()
      }),
    nodes: () => asked(async ({ hosts }) => hosts.length),
    async close() {
      const closing = connected
      connected = undefined
      await closing?.then((each) => each.shutdown()).catch(() => {})
    },
  }
}

const { consistencies } = types
const ASKED = { prepare: true, isIdempotent: true, consistency: consistencies.localQuorum }
const SERIALLY = { prepare: true, isIdempotent: true, consistency: consistencies.serial }
/** Not idempotent, so the driver never retries it: after a lost answer the caller reads the outcome. */
const CONDITIONAL = {
  ...{ prepare: true, isIdempotent: false, logged: false },
  ...{ consistency: consistencies.quorum, serialConsistency: consistencies.serial },
}

async function connect({ contactPoints, user, dataCenter, tls }: CassandraAddress): Promise<Client> {
  const { DCAwareRoundRobinPolicy, RoundRobinPolicy, TokenAwarePolicy } = policies.loadBalancing
  const credentials = user !== undefined && { username: user, password: process.env.CASSANDRA_PASSWORD ?? '' }
  guardConnections()
  const client = new Client({
    contactPoints: [...contactPoints],
    ...(dataCenter !== undefined && { localDataCenter: dataCenter }),
    ...(credentials && { credentials }),
    ...(tls && { sslOptions: { ...tls, rejectUnauthorized: true } }),
    policies: {
      loadBalancing: new TokenAwarePolicy(
        dataCenter === undefined ? new RoundRobinPolicy() : new DCAwareRoundRobinPolicy(dataCenter),
      ),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(200, 5_000),
    },
    socketOptions: { connectTimeout: CONNECT_WITHIN_MS, readTimeout: ANSWER_WITHIN_MS },
    protocolOptions: { maxVersion: types.protocolVersion.v4 },
    pooling: { maxRequestsPerConnection: 2048 },
    applicationName: APPLICATION,
  })
  client.on('log', () => {})
  try {
    await client.connect()
  } catch (error) {
    await client.shutdown().catch(() => {})
    throw error
  }
  return client
}
