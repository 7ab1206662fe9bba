import { createHash } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { ObjectStore, Readable, S3Access } from '@millrace/store'
import { loadsHttpfs } from './confine.ts'
import { quoteName, quoteText } from './quote.ts'

/** Characters that DuckDB would take for a pattern or a query in an address. */
const UNADDRESSABLE = /[?*[\]#]/

/**
 * Makes objects that never change readable to this connection's engine until they are released. Where DuckDB's httpfs
 * extension is installed, the paths are addresses that only this engine understands.
 */
export async function readableBy(
  connection: DuckDBConnection,
  store: ObjectStore,
  keys: readonly string[],
): Promise<Readable> {
  const isAddressable = store.s3Access !== undefined && !keys.some((key) => UNADDRESSABLE.test(key))
  if (!isAddressable || !(await loadsHttpfs(connection))) return store.readable(keys)
  const access = await store.s3Access()
  await connection.run(secretFor(access))
  return { paths: keys.map((key) => `s3://${access.bucket}/${access.prefix}${key}`), release: async () => {} }
}

/** Returns the places of the files that statements over a store's tables read: see `DuckDBOptions.files`. */
export function filesOf({ readableIn, allowed = [] }: ObjectStore): string[] {
  return [...readableIn, ...allowed.flatMap(({ store }) => store.readableIn)]
}

/** Returns the statement that creates the secret; it is run for each read, as credentials of a role expire. */
function secretFor(access: S3Access): string {
  const scope = `s3://${access.bucket}/${access.prefix}`
  const server = access.endpoint === undefined ? undefined : new URL(access.endpoint)
  const settings = {
    SCOPE: scope,
    KEY_ID: access.accessKeyId,
    SECRET: access.secretAccessKey,
    SESSION_TOKEN: access.sessionToken,
    REGION: access.region,
    ENDPOINT: server && server.host + server.pathname.replace(/\/$/, ''),
    URL_STYLE: access.pathStyle ? 'path' : 'vhost',
  }
  const parts = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${quoteText(value)}`],
  )
  if (server) parts.push(`USE_SSL ${server.protocol === 'https:'}`)
  const name = `millrace_${createHash('sha256').update(`${access.endpoint} ${scope}`).digest('hex').slice(0, 16)}`
  return `CREATE OR REPLACE TEMPORARY SECRET ${quoteName(name)} (TYPE s3, ${parts.join(', ')})`
}
