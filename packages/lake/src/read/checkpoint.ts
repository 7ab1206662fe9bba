import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { openDuckDB } from '../duckdb.ts'
import { type AddFile, type DeletionVector, decodeActions, type PartitionValues, type Sidecar } from '../log/actions.ts'
import type { Checkpoint } from '../log/listing.ts'
import { logKey, type TableRef } from '../log/log.ts'
import { ADD_PARTS, checkpointQuery, ROWS_AT_ONCE, SEPARATOR } from './checkpoint-query.ts'
import { type Replay, startReplay, type TableState } from './replay.ts'

/** The state that a checkpoint keeps, whatever its kind: one file, parts, or a manifest with sidecars. */
export async function readCheckpoint(
  table: TableRef,
  checkpoint: Checkpoint,
  connection?: DuckDBConnection,
): Promise<TableState | 'gone'> {
  if (connection) return readWith(connection, table, checkpoint)
  const duckdb = await openDuckDB({ memoryLimit: '256MB', threads: 1 })
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
  const replay = startReplay()
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
  const files = await table.store.readable(keys, connection)
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
  const entries: string[] = []
  const addAll = addReader()
  for (let from = 0; ; from += ROWS_AT_ONCE) {
    let found = 0
    const result = await connection.runAndReadAll(query(from))
    for (const [adds, count, lines, rows] of result.getRows()) {
      if (typeof adds === 'string') addAll(adds, Number(count), replay)
      if (typeof lines === 'string') entries.push(lines)
      found += Number(rows)
    }
    if (found < ROWS_AT_ONCE) break
  }
  if (entries.length === 0) return []
  const actions = decodeActions(new TextEncoder().encode(entries.join('\n')), 'a checkpoint')
  replay.apply(actions)
  return actions.sidecar
}

/** What repeats from file to file, as partition values do, is made once. */
function addReader(): (text: string, count: number, replay: Replay) => void {
  const shared = new Map<string, unknown>()
  const fromJson = (json: string) => {
    let value = shared.get(json)
    if (value === undefined) {
      value = JSON.parse(json)
      shared.set(json, value)
    }
    return value
  }
  return (text, count, replay) => {
    const parts = text.split(SEPARATOR)
    if (parts.length !== count * ADD_PARTS.length + 1) throw new Error('it names a file by a path that is no URL')
    for (let i = 0; i + 1 < parts.length; i += ADD_PARTS.length) {
      const [partitionValues, tags, vector, stats] = [parts[i + 1], parts[i + 4], parts[i + 5], parts[i + 6]]
      replay.add({
        path: parts[i] as string,
        partitionValues: (partitionValues ? fromJson(partitionValues) : {}) as PartitionValues,
        size: Number(parts[i + 2]),
        modificationTime: Number(parts[i + 3]),
        dataChange: false,
        stats: stats || null,
        tags: tags ? (fromJson(tags) as AddFile['tags'] & object) : null,
        deletionVector: vector ? (JSON.parse(vector) as DeletionVector) : null,
      })
    }
  }
}
