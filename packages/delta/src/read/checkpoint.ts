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

async function readRows(connection: DuckDBConnection, path: string, replay: Replay): Promise<readonly Sidecar[]> {
  const query = await checkpointQuery(connection, path)
  if (query.addsTo) await readAdds(connection, query.addsTo, replay)
  if (!query.others) return []
  const lines = (await connection.runAndReadAll(query.others)).getRows().map(([line]) => String(line))
  if (lines.length === 0) return []
  const actions = decodeActions(new TextEncoder().encode(lines.join('\n')), 'a checkpoint')
  replay.apply(actions)
  return actions.sidecar
}

const PIECE_BYTES = 1 << 20

async function readAdds(connection: DuckDBConnection, copyTo: (file: string) => string, replay: Replay): Promise<void> {
  const parent = await temporaryFolderOf(connection)
  const noRoom = (cause: unknown) => refuseForRoom(parent, cause)
  const folder = await mkdtemp(join(parent, 'checkpoint-')).catch(noRoom)
  try {
    const lines = join(folder, 'adds')
    const copied = connection.run(copyTo(lines))
    await copied.catch((cause) => (String(cause).includes(lines) ? noRoom(cause) : Promise.reject(cause)))
    const addFrom = addReader(replay)
    let rest = ''
    for await (const piece of createReadStream(lines, { encoding: 'utf8', highWaterMark: PIECE_BYTES })) {
      const parts = `${rest}${piece}`.split(SEPARATOR)
      rest = parts.slice(addFrom(parts)).join(SEPARATOR)
    }
    expectLineEnd(rest)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The table is not to blame. */
function refuseForRoom(folder: string, cause: unknown): never {
  throw new MillraceError('STORE_FAILED', `there is no room in ${folder} to read a checkpoint by way of it`, {
    cause,
    next: 'Free some space there, or name another folder by TMPDIR.',
  })
}

/** A line's end comes as one more part, between two adds. */
const LINE_PARTS = ADD_PARTS.length + 1

function expectLineEnd(part: string | undefined): void {
  if (part?.trim()) throw new Error('it names a file by a path that is no URL')
}

/** Takes the adds that are there whole, and says how many parts those were. */
function addReader(replay: Replay): (parts: readonly string[]) => number {
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
      expectLineEnd(parts[at])
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
