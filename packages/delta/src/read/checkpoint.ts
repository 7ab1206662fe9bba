import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { filesOf, openDuckDB, readableBy, temporaryFolderOf } from '@millrace/engine'
import type { AddFile, DeletionVector, PartitionValues, Sidecar } from '../log/actions.ts'
import { decodeActions } from '../log/decode-actions.ts'
import type { Checkpoint } from '../log/listing.ts'
import { logKey, type TableRef } from '../log/log.ts'
import { ADD_PARTS, checkpointQuery, SEPARATOR } from './checkpoint-query.ts'
import { type Replay, startReplay, type TableState } from './replay.ts'

/** The state that a checkpoint keeps, whatever its kind: one file, parts, or a manifest with sidecars. */
export async function readCheckpoint(
  table: TableRef,
  checkpoint: Checkpoint,
  connection?: DuckDBConnection,
): Promise<TableState | 'gone'> {
  if (connection) return readWith(connection, table, checkpoint)
  const duckdb = await openDuckDB({ files: filesOf(table.store), memoryLimit: '256MB', threads: 1 })
  try {
    return await readWith(await duckdb.connect(), table, checkpoint)
  } finally {
    duckdb.close()
  }
}

async function readWith(
  connection: DuckDBConnection,
  table: TableRef,
  { keys }: Checkpoint,
): Promise<TableState | 'gone'> {
  const replay = startReplay(table)
  const sidecars = await readFiles(table, connection, keys, replay)
  if (sidecars === 'gone') return 'gone'
  if (sidecars.length > 0) await readParquet(table, connection, sidecars, replay)
  return replay.finish()
}

/** The keys of the sidecars that the files name. */
async function readFiles(
  table: TableRef,
  connection: DuckDBConnection,
  keys: readonly string[],
  replay: Replay,
): Promise<string[] | 'gone'> {
  const [first = ''] = keys
  const sidecars = first.endsWith('.json')
    ? await readManifest(table, first, replay)
    : await readParquet(table, connection, keys, replay)
  if (sidecars === 'gone') return 'gone'
  return sidecars.map(({ path }) => {
    const name = decodeURIComponent(path)
    return logKey(table, `_sidecars/${name.slice(name.lastIndexOf('/') + 1)}`)
  })
}

async function readManifest(table: TableRef, key: string, replay: Replay): Promise<readonly Sidecar[] | 'gone'> {
  const bytes = await table.store.get(key)
  if (!bytes) return 'gone'
  const actions = decodeActions(bytes, `${table.store.url}/${key}`)
  replay.apply(actions)
  return actions.sidecar
}

async function readParquet(
  table: TableRef,
  connection: DuckDBConnection,
  keys: readonly string[],
  replay: Replay,
): Promise<readonly Sidecar[]> {
  const files = await readableBy(connection, table.store, keys)
  const sidecars: Sidecar[] = []
  try {
    for (const path of files.paths) sidecars.push(...(await readRows(connection, path, replay)))
    return sidecars
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError('TABLE_BROKEN', `checkpoint ${table.store.url}/${keys[0]} can't be read`, { cause })
  } finally {
    await files.release()
  }
}

const PIECE_BYTES = 1 << 20

/** Returns the sidecars that the rows name; the replay gets all else. */
async function readRows(connection: DuckDBConnection, path: string, replay: Replay): Promise<readonly Sidecar[]> {
  const copyTo = await checkpointQuery(connection, path)
  if (!copyTo) return []
  const parent = await temporaryFolderOf(connection)
  const noRoom = (cause: unknown) => refuseForRoom(parent, cause)
  const folder = await mkdtemp(join(parent, 'checkpoint-')).catch(noRoom)
  try {
    const lines = join(folder, 'lines')
    const copied = connection.run(copyTo(lines))
    await copied.catch((cause) => (String(cause).includes(lines) ? noRoom(cause) : Promise.reject(cause)))
    return await readLines(lines, replay)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function readLines(file: string, replay: Replay): Promise<readonly Sidecar[]> {
  const entries: string[] = []
  const linesFrom = lineReader(replay, entries)
  let rest = ''
  for await (const piece of createReadStream(file, { encoding: 'utf8', highWaterMark: PIECE_BYTES })) {
    const parts = `${rest}${piece}`.split(SEPARATOR)
    rest = parts.slice(linesFrom(parts)).join(SEPARATOR)
  }
  if (rest.trim() !== '') throw new Error(NO_LINE)
  if (entries.length === 0) return []
  const actions = decodeActions(new TextEncoder().encode(entries.join('\n')), 'a checkpoint')
  replay.apply(actions)
  return actions.sidecar
}

/** The table is not to blame. */
function refuseForRoom(folder: string, cause: unknown): never {
  throw new MillraceError('STORE_FAILED', `there is no room in ${folder} to read a checkpoint by way of it`, {
    cause,
    next: 'Free some space there, or name another folder by TMPDIR.',
  })
}

/** Before the parts of each add comes the end of the line before, or a line of a log entry, which has no such parts. */
const LINE_PARTS = ADD_PARTS.length + 1

const NO_LINE = 'it names a file by a path that is no URL'

/** Takes the lines that are there whole, and returns how many parts those were. */
function lineReader(replay: Replay, entries: string[]): (parts: readonly string[]) => number {
  // Values that repeat from file to file, such as partition values, are parsed once.
  const shared = new Map<string, unknown>()
  const fromJson = (json: string) => {
    let value = shared.get(json)
    if (value === undefined) {
      value = JSON.parse(json)
      shared.set(json, value)
    }
    return value
  }
  return (parts) => {
    let at = 0
    for (; at + LINE_PARTS < parts.length; at += LINE_PARTS) {
      const entry = (parts[at] as string).trim()
      if (entry !== '') {
        for (let part = 1; part < LINE_PARTS; part++) if (parts[at + part] !== '') throw new Error(NO_LINE)
        entries.push(entry)
        continue
      }
      const [partitionValues, tags, vector, stats] = [parts[at + 2], parts[at + 5], parts[at + 6], parts[at + 7]]
      replay.add({
        path: parts[at + 1] as string,
        partitionValues: (partitionValues ? fromJson(partitionValues) : {}) as PartitionValues,
        size: Number(parts[at + 3]),
        modificationTime: Number(parts[at + 4]),
        dataChange: false,
        stats: stats || null,
        tags: tags ? (fromJson(tags) as AddFile['tags'] & object) : null,
        deletionVector: vector ? (JSON.parse(vector) as DeletionVector) : null,
      })
    }
    return at
  }
}
