import { createHash } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName, quoteText } from '../../log/schema.ts'
import type { S3Address } from './address.ts'
import type { Bucket } from './store.ts'

/** What DuckDB would take for a pattern or a query in an address. */
const UNADDRESSABLE = /[?*[\]#]/

/**
 * Addresses that DuckDB reads by itself, where its httpfs extension is installed: nothing is fetched over the
 * network to have it. Undefined where it is not, or a key makes no address.
 */
export async function addressesFor(
  connection: DuckDBConnection,
  at: Bucket,
  address: S3Address,
  keys: readonly string[],
): Promise<string[] | undefined> {
  if (keys.some((key) => UNADDRESSABLE.test(key)) || !(await loadsHttpfs(connection))) return undefined
  await connection.run(await secretFor(at, address))
  return keys.map((key) => `s3://${at.bucket}/${at.prefix}${key}`)
}

async function loadsHttpfs(connection: DuckDBConnection): Promise<boolean> {
  try {
    await connection.run('LOAD httpfs')
    return true
  } catch {
    return false
  }
}

/** Made anew each time, because credentials of a role run out. */
async function secretFor({ client, bucket, prefix }: Bucket, address: S3Address): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials()
  const scope = `s3://${bucket}/${prefix}`
  const server = address.endpoint === undefined ? undefined : new URL(address.endpoint)
  const settings = {
    SCOPE: scope,
    KEY_ID: accessKeyId,
    SECRET: secretAccessKey,
    SESSION_TOKEN: sessionToken,
    REGION: await client.config.region(),
    ENDPOINT: server && server.host + server.pathname.replace(/\/$/, ''),
    URL_STYLE: address.pathStyle ? 'path' : 'vhost',
  }
  const said = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${quoteText(value)}`],
  )
  if (server) said.push(`USE_SSL ${server.protocol === 'https:'}`)
  const name = `millrace_${createHash('sha256').update(`${address.endpoint} ${scope}`).digest('hex').slice(0, 16)}`
  return `CREATE OR REPLACE TEMPORARY SECRET ${quoteName(name)} (TYPE s3, ${said.join(', ')})`
}
