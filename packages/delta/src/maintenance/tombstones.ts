import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteText, readableBy } from '@millrace/engine'
import type { RemoveFile } from '../log/actions.ts'
import { checkedRemove } from '../log/checked-action.ts'
import { decodeActions } from '../log/decode-actions.ts'
import { type Checkpoint, checkpointHint, listLog } from '../log/listing.ts'
import { logKey, readCommit, type TableRef } from '../log/log.ts'
import { inOrder } from '../read/in-order.ts'
import { fileKey } from '../read/replay.ts'
import type { Snapshot } from '../read/snapshot.ts'

const READS_AT_ONCE = 16

/**
 * Returns files that were removed after `since` and not added again: readers of older versions still need them. A
 * snapshot does not have them, so they are read here, from the newest checkpoint up to it and the commits after that.
 */
export async function tombstonesSince(
  snapshot: Snapshot,
  since: number,
  connection: DuckDBConnection,
): Promise<RemoveFile[]> {
  const { table, version } = snapshot
  const hint = (await checkpointHint(table))?.version ?? 0
  const listing = await listLog(table, hint <= version ? hint : 0)
  const checkpoint = listing.checkpoints.filter((candidate) => candidate.version <= version).at(-1)
  const found = new Map<string, RemoveFile>()
  const keep = (remove: RemoveFile) => {
    if ((remove.deletionTimestamp ?? 0) > since) found.set(logicalKey(table, remove), remove)
  }
  if (checkpoint) for (const remove of await removesIn(table, checkpoint, since, connection)) keep(remove)
  const newer = [...listing.commits].filter((entry) => entry > (checkpoint?.version ?? -1) && entry <= version)
  for await (const actions of inOrder(newer, READS_AT_ONCE, (entry) => readCommit(table, entry))) {
    for (const remove of actions?.remove ?? []) keep(remove)
  }
  for (const file of snapshot.files.values()) found.delete(logicalKey(table, file))
  return [...found.values()]
}

function logicalKey(table: TableRef, { path, deletionVector }: Pick<RemoveFile, 'path' | 'deletionVector'>): string {
  const { storageType = '', pathOrInlineDv = '', offset } = deletionVector ?? {}
  return `${fileKey(table, path)} ${storageType}${pathOrInlineDv}@${offset ?? ''}`
}

async function removesIn(
  table: TableRef,
  { keys }: Checkpoint,
  since: number,
  connection: DuckDBConnection,
): Promise<RemoveFile[]> {
  const [first = ''] = keys
  if (first.endsWith('.json')) {
    const bytes = await table.store.get(first)
    if (!bytes) return []
    const { remove, sidecar } = decodeActions(bytes, `${table.store.url}/${first}`)
    return [...remove, ...(await removesOf(table, connection, sidecarKeys(table, sidecar), since))]
  }
  const sidecars = await jsonOf<{ path: string }>(table, connection, keys, 'sidecar', 'true')
  return [
    ...(await removesOf(table, connection, keys, since)),
    ...(await removesOf(table, connection, sidecarKeys(table, sidecars), since)),
  ]
}

function sidecarKeys(table: TableRef, sidecars: readonly { path: string }[]): string[] {
  return sidecars.map(({ path }) => logKey(table, `_sidecars/${path.slice(path.lastIndexOf('/') + 1)}`))
}

async function removesOf(
  table: TableRef,
  connection: DuckDBConnection,
  keys: readonly string[],
  since: number,
): Promise<RemoveFile[]> {
  const where = `coalesce(remove.deletionTimestamp, 0) > ${since}`
  const removes = await jsonOf<Record<string, unknown>>(table, connection, keys, 'remove', where)
  return removes.map((remove) => checkedRemove(remove, `checkpoint ${table.store.url}/${keys[0]}`))
}

/** Reads the actions of one kind from a checkpoint's files, which may lack the column. */
async function jsonOf<T>(
  table: TableRef,
  connection: DuckDBConnection,
  keys: readonly string[],
  column: string,
  where: string,
): Promise<T[]> {
  if (keys.length === 0) return []
  const { paths, release } = await readableBy(connection, table.store, keys)
  try {
    const source = `read_parquet([${paths.map(quoteText).join(', ')}], union_by_name = true, hive_partitioning = false)`
    const shape = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)
    if (!shape.columnNames().includes(column)) return []
    const rows = await connection.runAndReadAll(
      `SELECT to_json(${column})::VARCHAR FROM ${source} WHERE ${column}.path IS NOT NULL AND ${where}`,
    )
    return rows.getRows().map(([text]) => JSON.parse(String(text)) as T)
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError('TABLE_BROKEN', `checkpoint ${table.store.url}/${keys[0]} can't be read`, { cause })
  } finally {
    await release()
  }
}
