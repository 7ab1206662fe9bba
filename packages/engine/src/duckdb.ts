import { rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { createTurns, openWorkFolder } from '@millrace/base'
import { FEW_ROWS, ofCaller } from './beside.ts'
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

export interface Engine {
  /** Connects for statements over about so many rows. */
  connect(rows?: number): Promise<DuckDBConnection>
  /**
   * Runs work on values, of which the longest has so many bytes. Work on long ones waits for its turn: a statement holds
   * such a value several times, and two of them together would pass the memory limit.
   */
  withRoomFor<T>(longest: number, work: () => Promise<T>): Promise<T>
  readonly notes: Notes
}

export interface DuckDB extends Engine {
  close(): void
}

/** A longer value is worked on in turn. */
const LONG_VALUE = 4 << 20

/** With fewer calls for few rows, another engine costs more than it saves. */
const MANY_CALLS = 8

/**
 * Opens an engine. Every connection thinks in UTC: text without a zone means that, whatever TZ says.
 *
 * Where statements over few rows come again and again, they run on an engine beside it that has no threads: whoever
 * calls does the work. That takes a third less CPU time than to wake the engine's threads and to spin until they are done.
 */
export async function openDuckDB(options: DuckDBOptions): Promise<DuckDB> {
  const own = options.temporaryFolder === undefined ? (await openWorkFolder()).path : undefined
  const given = { ...options, temporaryFolder: options.temporaryFolder ?? String(own) }
  const instance = await openInstance(given)
  const inTurn = createTurns()
  let calls = 0
  let opening: Promise<DuckDBInstance> | undefined
  let forFew: DuckDBInstance | undefined
  const connectForFew = async () => {
    opening ??= openForFew(given)
    forFew = await opening
    const connection = await forFew.connect()
    ofCaller.add(connection)
    return connection
  }
  return {
    connect: (rows = Number.POSITIVE_INFINITY) =>
      rows <= FEW_ROWS && ++calls > MANY_CALLS ? connectForFew() : instance.connect(),
    withRoomFor: (longest, work) => (longest > LONG_VALUE ? inTurn(work) : work()),
    notes: createNotes((connection) => (ofCaller.has(connection) ? forFew : instance) ?? instance),
    close() {
      instance.closeSync()
      forFew?.closeSync()
      if (own !== undefined) rmSync(own, { recursive: true, force: true })
    },
  }
}

/** Opens the engine beside another, in whose folder it has its own: both give their files there the same names. */
async function openForFew(options: InstanceOptions): Promise<DuckDBInstance> {
  const { files, temporaryFolder } = options
  const folder = join(temporaryFolder, 'few-rows')
  await mkdir(folder, { recursive: true })
  const reached = files === 'all' ? files : [temporaryFolder, ...files]
  return openInstance({ ...options, files: reached, temporaryFolder: folder, threads: 1 }, 1)
}

interface InstanceOptions extends DuckDBOptions {
  readonly temporaryFolder: string
}

async function openInstance(
  { threads, memoryLimit, keepsOrder, files, temporaryFolder }: InstanceOptions,
  callers = 0,
): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads ?? availableParallelism()),
    memory_limit: memoryLimit ?? '512MB',
    // How many of them are those who call; without any, every thread is the engine's own: see `runBeside`.
    external_threads: String(callers),
    // The page cache has the files already: the engine would keep them a second time, up to its limit.
    enable_external_file_cache: 'false',
    // Memory of long values goes back to the system when it is freed: it is some 300 MB of a worker that reads such.
    allocator_bulk_deallocation_flush_threshold: '32MiB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: String(keepsOrder ?? false),
    temp_directory: temporaryFolder,
  })
  const first = await instance.connect()
  await first.run("SET GLOBAL TimeZone = 'UTC'")
  if (files !== 'all') await confine(first, [temporaryFolder, ...files])
  first.closeSync()
  return instance
}

/** Returns the engine's temporary folder, in which every statement may read and write. */
export async function temporaryFolderOf(connection: DuckDBConnection): Promise<string> {
  const reader = await connection.runAndReadAll(`SELECT current_setting('temp_directory')`)
  return String(reader.getRows()[0]?.[0])
}
