import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Runtime } from '@millrace/base'
import {
  type DuckDB,
  planScan,
  quoteName,
  quoteText,
  type StagedFile,
  type StructType,
  stageParquet,
  withScan,
} from '@millrace/lake'
import type { Partition } from '@millrace/transport'
import type { ProgressTable } from './progress-table.ts'

/** A record that may not enter its table, with all that is needed to look at it and to try it again. */
export interface QuarantinedRecord {
  readonly pipeline: string
  readonly topic: string
  readonly identity: string
  readonly partition: string
  /** As the source names the record. */
  readonly offset: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly reason: string
  /** A stray is of no known kind: no rules of any data set are for it, so it is not replayed. */
  readonly state: 'bad' | 'stray'
  readonly value: Uint8Array | null
}

const column = (name: string, type: string, comment: string) => ({ name, type, nullable: true, metadata: { comment } })

export const QUARANTINE_SCHEMA: StructType = {
  type: 'struct',
  fields: [
    column('pipeline', 'string', 'The group that refused the record'),
    column('topic', 'string', 'Where the record came from'),
    column('identity', 'string', 'Which topic of that name'),
    column('partition', 'string', 'The partition or shard'),
    column('offset', 'string', 'As the source names the record'),
    column('time', 'timestamp', "The source's time of the record"),
    column('reason', 'string', 'Why it may not enter the table'),
    column('value', 'binary', 'The bytes as they came; NULL for a tombstone'),
    column('state', 'string', 'bad, stray, replaying:<id> or replayed:<id>'),
    column('refused_at', 'timestamp', 'When the worker refused it'),
  ],
}

export const quarantinePath = (table: string) => `${table}_quarantine`

/** The bad records as a file for the quarantine table. Their bytes are kept to the last one. */
export async function stageQuarantine(
  records: readonly QuarantinedRecord[],
  engine: DuckDB,
  folder: string,
  runtime: Runtime,
): Promise<StagedFile> {
  const file = join(folder, `${runtime.uuid()}.quarantine.jsonl`)
  const lines = records.map(({ value, ...rest }) =>
    JSON.stringify({ ...rest, value: value && Buffer.from(value).toString('base64') }),
  )
  await writeFile(file, lines.join('\n'))
  const longest = lines.reduce((most, { length }) => Math.max(most, length), 0)
  const columns = `{${TEXTS.map((name) => `"${name}": 'VARCHAR'`).join(', ')}, time: 'BIGINT', reason: 'VARCHAR', state: 'VARCHAR', value: 'VARCHAR'}`
  const query = `
    SELECT ${TEXTS.map(quoteName).join(', ')}, epoch_ms(time)::TIMESTAMP AT TIME ZONE 'UTC' AS time, reason,
      from_base64(value) AS value, state, epoch_ms(${runtime.now()})::TIMESTAMP AT TIME ZONE 'UTC' AS refused_at
    FROM read_json(${quoteText(file)}, format = 'newline_delimited', columns = ${columns},
      maximum_object_size = ${longest + SPARE_BYTES})`
  const connection = await engine.connect()
  try {
    return await stageParquet(connection, query, QUARANTINE_SCHEMA, folder, runtime)
  } finally {
    connection.closeSync()
    await rm(file, { force: true })
  }
}

const TEXTS = ['pipeline', 'topic', 'identity', 'partition', 'offset']

/** DuckDB's reader takes buffers of the largest object's size: of the longest line here, with room. */
const SPARE_BYTES = 1 << 20

/** The offsets that the quarantine holds of a partition. */
export async function quarantinedOffsets(
  table: ProgressTable,
  { topic, identity, id }: Partition,
  group: string,
  engine: DuckDB,
): Promise<Set<string>> {
  const wanted = Object.entries({ pipeline: group, topic, identity, partition: id })
  const where = wanted.map(([name, value]) => `${quoteName(name)} = ${quoteText(value)}`).join(' AND ')
  const connection = await engine.connect()
  try {
    const reader = await withScan(planScan(table.snapshot()), connection, (rows) =>
      connection.runAndReadAll(`SELECT "offset" FROM (${rows}) WHERE ${where}`),
    )
    return new Set(reader.getRows().map(([offset]) => String(offset)))
  } finally {
    connection.closeSync()
  }
}
