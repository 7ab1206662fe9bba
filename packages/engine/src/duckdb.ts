import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { createTurns, openWorkFolder } from '@millrace/base'
import { confine } from './confine.ts'
import { createNotes, type Notes } from './notes.ts'

export interface DuckDBOptions {
  /**
   * Which files statements may read and write: all, for SQL of whoever runs the command; otherwise those in these folders
   * and places of S3, and in the engine's own temporary folder.
   */
  readonly files: 'all' | readonly string[]
  /** Whether rows come in the order in which they were read. False unless given: it costs memory. */
  readonly keepsOrder?: boolean
  readonly threads?: number
  /** In DuckDB's syntax: `512MB`. */
  readonly memoryLimit?: string
  /** A new one, which ends with the engine, unless given. */
  readonly temporaryFolder?: string
}

export interface DuckDB {
  connect(): Promise<DuckDBConnection>
  /**
   * Runs work on values, of which the longest has so many bytes. Work on long ones waits for its turn: a statement holds
   * such a value several times, and two of them together would pass the memory limit.
   */
  withRoomFor<T>(longest: number, work: () => Promise<T>): Promise<T>
  readonly notes: Notes
  close(): void
}

/** A longer value is worked on in turn. */
const LONG_VALUE = 4 << 20

/** Opens an engine. Every connection thinks in UTC: text without a zone means that, whatever TZ says. */
export async function openDuckDB(options: DuckDBOptions): Promise<DuckDB> {
  const own = options.temporaryFolder === undefined ? (await openWorkFolder()).path : undefined
  const temporaryFolder = options.temporaryFolder ?? String(own)
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? availableParallelism()),
    memory_limit: options.memoryLimit ?? '512MB',
    // Every thread is the engine's own: see `runBeside`.
    external_threads: '0',
    // The page cache has the files already: the engine would keep them a second time, up to its limit.
    enable_external_file_cache: 'false',
    // Memory of long values goes back to the system when it is freed: it is some 300 MB of a worker that reads such.
    allocator_bulk_deallocation_flush_threshold: '32MiB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: String(options.keepsOrder ?? false),
    temp_directory: temporaryFolder,
  })
  const first = await instance.connect()
  await first.run("SET GLOBAL TimeZone = 'UTC'")
  if (options.files !== 'all') await confine(first, [temporaryFolder, ...options.files])
  first.closeSync()
  const inTurn = createTurns()
  return {
    connect: () => instance.connect(),
    withRoomFor: (longest, work) => (longest > LONG_VALUE ? inTurn(work) : work()),
    notes: createNotes(),
    close() {
      instance.closeSync()
      if (own !== undefined) rmSync(own, { recursive: true, force: true })
    },
  }
}

/** Returns the engine's temporary folder, in which every statement may read and write. */
export async function temporaryFolderOf(connection: DuckDBConnection): Promise<string> {
  const reader = await connection.runAndReadAll(`SELECT current_setting('temp_directory')`)
  return String(reader.getRows()[0]?.[0])
}
