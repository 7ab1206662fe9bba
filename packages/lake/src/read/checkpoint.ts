import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { openDuckDB } from '../duckdb.ts'
import { type AddFile, type DeletionVector, decodeActions, type PartitionValues, type Sidecar } from '../log/actions.ts'
import type { Checkpoint } from '../log/listing.ts'
import { logKey, type TableRef } from '../log/log.ts'
import { checkpointQuery, SEPARATOR } from './checkpoint-query.ts'
import { type Replay, startReplay, type TableState } from './replay.ts'

/** The state that a checkpoint keeps, whatever its kind: one file, parts, or a manifest with sidecars. */
export async function readCheckpoint(table: TableRef, checkpoint: Checkpoint): Promise<TableState | 'gone'> {
  const duckdb = await openDuckDB({ memoryLimit: '256MB', threads: 1 })
  try {
    const connection = await duckdb.connect()
    // It counts a text as 16 bytes, so by default most of a checkpoint would wait in memory.
    await connection.run("SET streaming_buffer_size = '256KB'")
    const replay = startReplay()
    const sidecars = await readFiles(table, connection, checkpoint.keys, replay)
    if (sidecars === 'gone') return 'gone'
    if (sidecars.length > 0) await readParquet(table, connection, sidecars, replay)
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
  try {
    return await readTexts(connection, await checkpointQuery(connection, files.paths), replay)
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError('TABLE_BROKEN', `checkpoint ${table.store.url}/${keys[0]} can't be read`, { cause })
  } finally {
    await files.release()
  }
}

async function readTexts(connection: DuckDBConnection, query: string, replay: Replay): Promise<readonly Sidecar[]> {
  const others: string[] = []
  const toAdd = addReader()
  const result = await connection.stream(query)
  for (;;) {
    const chunk = await result.fetchChunk()
    if (!chunk || chunk.rowCount === 0) break
    for (const value of chunk.getColumnValues(0)) {
      const text = String(value)
      if (text.startsWith(SEPARATOR)) replay.add(toAdd(text))
      else others.push(text)
    }
  }
  if (others.length === 0) return []
  const actions = decodeActions(new TextEncoder().encode(others.join('\n')), 'a checkpoint')
  replay.apply(actions)
  return actions.sidecar
}

/** What repeats from file to file, as partition values do, is made once. */
function addReader(): (text: string) => AddFile {
  const shared = new Map<string, unknown>()
  const fromJson = (json: string) => {
    let value = shared.get(json)
    if (value === undefined) {
      value = JSON.parse(json)
      shared.set(json, value)
    }
    return value
  }
  return (text) => {
    const [, partition = '', size, modified, tags = '', vector = '', stats = '', ...path] = text.split(SEPARATOR)
    return {
      path: path.join(SEPARATOR),
      partitionValues: (partition === '' ? {} : fromJson(partition)) as PartitionValues,
      size: Number(size),
      modificationTime: Number(modified),
      dataChange: false,
      stats: stats === '' ? null : stats,
      tags: tags === '' ? null : (fromJson(tags) as AddFile['tags'] & object),
      deletionVector: vector === '' ? null : (JSON.parse(vector) as DeletionVector),
    }
  }
}
