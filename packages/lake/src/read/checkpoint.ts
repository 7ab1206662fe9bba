import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { openDuckDB } from '../duckdb.ts'
import { type AddFile, type DeletionVector, decodeActions, type PartitionValues } from '../log/actions.ts'
import type { Checkpoint } from '../log/listing.ts'
import { logKey, type TableRef } from '../log/log.ts'
import { type CheckpointColumns, checkpointColumns } from './checkpoint-columns.ts'
import { type Replay, startReplay, type TableState } from './replay.ts'

/** The state that a checkpoint keeps, whatever its kind: one file, parts, or a manifest with sidecars. */
export async function readCheckpoint(table: TableRef, checkpoint: Checkpoint): Promise<TableState | 'gone'> {
  const duckdb = await openDuckDB({ memoryLimit: '256MB' })
  try {
    const connection = await duckdb.connect()
    const replay = startReplay()
    const sidecars = await readFiles(table, connection, checkpoint.keys, replay)
    if (sidecars === 'gone') return 'gone'
    if (sidecars.length > 0 && (await readFiles(table, connection, sidecars, replay)) === 'gone') return 'gone'
    return replay.finish()
  } finally {
    duckdb.close()
  }
}

/** The keys of the sidecars that the files name. */
async function readFiles(
  table: TableRef,
  connection: DuckDBConnection,
  keys: readonly string[],
  replay: Replay,
): Promise<string[] | 'gone'> {
  const named =
    keys[0]?.endsWith('.json') === true
      ? await readManifest(table, keys[0], replay)
      : await readParquet(table, connection, keys, replay)
  return named === 'gone'
    ? named
    : named.map((path) => logKey(table, `_sidecars/${path.slice(path.lastIndexOf('/') + 1)}`))
}

async function readManifest(table: TableRef, key: string, replay: Replay): Promise<string[] | 'gone'> {
  const bytes = await table.store.get(key)
  if (!bytes) return 'gone'
  const actions = decodeActions(bytes, `${table.store.url}/${key}`)
  replay.apply(actions)
  return actions.sidecar.map(({ path }) => decodeURIComponent(path))
}

async function readParquet(
  table: TableRef,
  connection: DuckDBConnection,
  keys: readonly string[],
  replay: Replay,
): Promise<string[]> {
  const files = await table.store.readable(keys, connection)
  try {
    const columns = await checkpointColumns(connection, files.paths)
    const sidecars = await readFew(connection, columns, replay)
    await readAdds(connection, columns, replay)
    return sidecars
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError('TABLE_BROKEN', `checkpoint ${table.store.url}/${keys[0]} can't be read`, { cause })
  } finally {
    await files.release()
  }
}

/** Everything but the files: a few rows, as JSON lines. */
async function readFew(connection: DuckDBConnection, columns: CheckpointColumns, replay: Replay): Promise<string[]> {
  if (!columns.few) return []
  const rows = await connection.runAndReadAll(columns.few)
  const text = rows
    .getRows()
    .map(([line]) => String(line))
    .join('\n')
  if (text === '') return []
  const actions = decodeActions(new TextEncoder().encode(text), 'checkpoint')
  replay.apply(actions)
  return actions.sidecar.map(({ path }) => decodeURIComponent(path))
}

async function readAdds(connection: DuckDBConnection, columns: CheckpointColumns, replay: Replay): Promise<void> {
  if (!columns.adds) return
  const shared = new Map<string, unknown>()
  const result = await connection.stream(columns.adds)
  for (;;) {
    const chunk = await result.fetchChunk()
    if (!chunk || chunk.rowCount === 0) return
    const [path, partition, size, modified, stats, tags, vector] = chunk.getColumns()
    for (let row = 0; row < chunk.rowCount; row++) {
      replay.add({
        path: String(path?.[row]),
        partitionValues: sharedJson(partition?.[row], shared) as PartitionValues,
        size: Number(size?.[row]),
        modificationTime: Number(modified?.[row]),
        dataChange: false,
        ...optional('stats', text(stats?.[row])),
        ...optional('tags', sharedJson(tags?.[row], shared) as AddFile['tags']),
        ...optional('deletionVector', sharedJson(vector?.[row], shared) as DeletionVector | undefined),
      })
    }
  }
}

function text(value: DuckDBValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
}

/** Partition values repeat from file to file: one object for each. */
function sharedJson(json: DuckDBValue | undefined, shared: Map<string, unknown>): unknown {
  if (typeof json !== 'string') return undefined
  let value = shared.get(json)
  if (value === undefined) {
    value = JSON.parse(json)
    shared.set(json, value)
  }
  return value
}
