import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteText } from './quote.ts'

/**
 * Lets the engine's statements reach files in these folders and places of S3, and no others; whatever a statement says
 * later, that can't be undone.
 */
export async function confine(connection: DuckDBConnection, places: readonly string[]): Promise<void> {
  const inBuckets = places.some(isInBucket) && (await loadsHttpfs(connection))
  const reachable = places.filter((place) => inBuckets || !isInBucket(place))
  const settings = [
    // Looks for stored secrets in the home folder otherwise, whenever one is made.
    'allow_persistent_secrets = false',
    `allowed_directories = [${reachable.map(quoteText).join(', ')}]`,
    'enable_external_access = false',
    'lock_configuration = true',
  ]
  for (const setting of settings) await connection.run(`SET GLOBAL ${setting}`)
}

const isInBucket = (place: string) => place.startsWith('s3:')

/** Loads the extension for S3 where it is installed. Nothing is fetched over the network to have it. */
export async function loadsHttpfs(connection: DuckDBConnection): Promise<boolean> {
  try {
    await connection.run('LOAD httpfs')
    return true
  } catch {
    return false
  }
}
