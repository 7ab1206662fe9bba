import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { exactNumber, MillraceError } from '@millrace/base'
import { quoteText } from '@millrace/engine'
import type { RemoveFile } from '../log/actions.ts'
import { checkpointHint, listLog } from '../log/listing.ts'
import { logKey, type TableRef, tableUrl, versionName } from '../log/log.ts'
import type { Snapshot } from '../read/snapshot.ts'
import type { WriteContext } from '../write/context.ts'
import { fileRetention } from '../write/retention.ts'
import { refuseUnwritable } from '../write/writable.ts'
import { tombstonesSince } from './tombstones.ts'

/** A checkpoint costs about as much as its size, so the next one is written when the log since it has grown to that size. */
const LEAST_LOG_BYTES = 128 * 1024

/** Whether opening the table has become slow enough for a new checkpoint. Costs one listing, outside of the commit path. */
export async function checkpointIsDue(table: TableRef): Promise<boolean> {
  let behind = 0
  let last = 0
  const from = (await checkpointHint(table))?.version ?? 0
  for await (const { key, size } of table.store.list(logKey(table, ''), logKey(table, versionName(from)))) {
    if (key.includes('.checkpoint')) [behind, last] = [0, size]
    else if (key.endsWith('.json')) behind += size
  }
  return behind >= Math.max(LEAST_LOG_BYTES, last)
}

/**
 * Writes the snapshot as a classic checkpoint in one part, and points `_last_checkpoint` to it. Returns false
 * if the version has one already. The lines go through a local file, so memory does not grow with the table.
 */
export async function writeCheckpoint(snapshot: Snapshot, context: WriteContext): Promise<boolean> {
  refuseUnwritable(snapshot)
  const { table, version } = snapshot
  const { checkpoints } = await listLog(table, version)
  if (checkpoints.some((checkpoint) => checkpoint.version === version)) return false
  const since = context.runtime.now() - fileRetention(snapshot.metadata)
  const tombstones = await tombstonesSince(snapshot, since)
  const bytes = await renderCheckpoint(snapshot, tombstones, context)
  context.runtime.crashPoint('checkpoint rendered')
  await table.store.put(logKey(table, `${versionName(version)}.checkpoint.parquet`), bytes)
  context.runtime.crashPoint('checkpoint written')
  await pointTo(snapshot, countOf(snapshot, tombstones), bytes.length)
  return true
}

function countOf({ txns, files }: Snapshot, tombstones: readonly RemoveFile[]): number {
  return 2 + txns.size + files.size + tombstones.length
}

/**
 * Writes `_last_checkpoint`. It is only a hint: concurrent writers do no harm. It is not moved to an older version
 * knowingly.
 */
async function pointTo({ table, version, files }: Snapshot, size: number, sizeInBytes: number): Promise<void> {
  if (((await checkpointHint(table))?.version ?? -1) > version) return
  const hint = { version, size, sizeInBytes, numOfAddFiles: files.size }
  await table.store.put(logKey(table, '_last_checkpoint'), new TextEncoder().encode(JSON.stringify(hint)))
}

async function renderCheckpoint(
  snapshot: Snapshot,
  tombstones: readonly RemoveFile[],
  { connection, folder, runtime }: WriteContext,
): Promise<Uint8Array> {
  await mkdir(folder, { recursive: true })
  const name = join(folder, `checkpoint-${runtime.uuid()}`)
  const [lines, parquet] = [`${name}.json`, `${name}.parquet`]
  try {
    const longest = await writeLines(linesOf(snapshot, tombstones), lines)
    const copied = await connection.runAndReadAll(
      `COPY (SELECT * FROM ${readLines(lines, longest)}) TO ${quoteText(parquet)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE_BYTES '16MB')`,
    )
    const written = Number(copied.getRows()[0]?.[0])
    const expected = countOf(snapshot, tombstones)
    if (written !== expected) {
      throw new MillraceError(
        'INTERNAL',
        `${tableUrl(snapshot.table)}: a checkpoint of ${written}, not ${expected} rows`,
      )
    }
    return await readFile(parquet)
  } finally {
    await rm(lines, { force: true })
    await rm(parquet, { force: true })
  }
}

/** Returns the length of the longest line. */
async function writeLines(lines: Iterable<string>, path: string): Promise<number> {
  let longest = 0
  const batches = function* () {
    let batch = ''
    for (const line of lines) {
      longest = Math.max(longest, Buffer.byteLength(line))
      batch += line
      if (batch.length < LINES_AT_ONCE) continue
      yield batch
      batch = ''
    }
    yield batch
  }
  await pipeline(Readable.from(batches()), createWriteStream(path))
  return longest
}

const LINES_AT_ONCE = 256 * 1024

function* linesOf(snapshot: Snapshot, tombstones: readonly RemoveFile[]): Generator<string> {
  yield `${JSON.stringify({ protocol: snapshot.protocol })}\n`
  yield `${JSON.stringify({ metaData: snapshot.metadata })}\n`
  for (const [appId, version] of snapshot.txns.entries()) {
    yield `${JSON.stringify({ txn: { appId, version: exactNumber(version) } })}\n`
  }
  for (const remove of tombstones) yield `${JSON.stringify({ remove: { ...remove, dataChange: false } })}\n`
  for (const add of snapshot.files.values()) yield `${JSON.stringify({ add: { ...add, dataChange: false } })}\n`
}

const TEXTS = 'MAP(VARCHAR, VARCHAR)'
const VECTOR = `STRUCT("storageType" VARCHAR, "pathOrInlineDv" VARCHAR, "offset" INTEGER, "sizeInBytes" INTEGER, "cardinality" BIGINT)`
const FILE = `"path" VARCHAR, "partitionValues" ${TEXTS}, "size" BIGINT, "dataChange" BOOLEAN, "deletionVector" ${VECTOR}`

const COLUMNS = {
  protocol: `STRUCT("minReaderVersion" INTEGER, "minWriterVersion" INTEGER, "readerFeatures" VARCHAR[], "writerFeatures" VARCHAR[])`,
  metaData: `STRUCT("id" VARCHAR, "name" VARCHAR, "description" VARCHAR, "format" STRUCT("provider" VARCHAR, "options" ${TEXTS}),
    "schemaString" VARCHAR, "partitionColumns" VARCHAR[], "configuration" ${TEXTS}, "createdTime" BIGINT)`,
  txn: 'STRUCT("appId" VARCHAR, "version" BIGINT, "lastUpdated" BIGINT)',
  remove: `STRUCT(${FILE}, "deletionTimestamp" BIGINT, "extendedFileMetadata" BOOLEAN)`,
  add: `STRUCT(${FILE}, "modificationTime" BIGINT, "stats" VARCHAR, "tags" ${TEXTS})`,
}

function readLines(path: string, longest: number): string {
  const columns = Object.entries(COLUMNS).map(([name, type]) => `${name}: '${type}'`)
  return `read_json(${quoteText(path)}, format = 'newline_delimited', columns = {${columns.join(', ')}},
    maximum_object_size = ${Math.max(longest + 1, 1024 * 1024)})`
}
