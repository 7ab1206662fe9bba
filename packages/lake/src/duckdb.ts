import { availableParallelism } from 'node:os'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export interface DuckDBOptions {
  readonly threads?: number
  /** As DuckDB writes it: `512MB`. */
  readonly memoryLimit?: string
  readonly temporaryFolder?: string
}

export interface DuckDB {
  connect(): Promise<DuckDBConnection>
  close(): void
}

/** What statements have freed goes back to the system from this size on: DuckDB's own 512 MB is more than a worker may hold. */
const FREED_KEPT = '32MB'

/** One engine a process. Every connection thinks in UTC: text without a zone means that, whatever TZ says. */
export async function openDuckDB(options: DuckDBOptions = {}): Promise<DuckDB> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? availableParallelism()),
    memory_limit: options.memoryLimit ?? '512MB',
    allocator_bulk_deallocation_flush_threshold: FREED_KEPT,
    autoinstall_known_extensions: 'false',
    ...(options.temporaryFolder === undefined ? {} : { temp_directory: options.temporaryFolder }),
  })
  return {
    async connect() {
      const connection = await instance.connect()
      await connection.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
      return connection
    },
    close: () => instance.closeSync(),
  }
}
