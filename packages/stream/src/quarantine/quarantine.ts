import type { Runtime } from '@millrace/base'
import { commentedField, planScan, type StagedFile, type StructType, stageParquet, withScan } from '@millrace/delta'
import { type DuckDB, openDuckDB, quoteName, quoteText } from '@millrace/engine'
import type { Partition } from '@millrace/transport'
import type { ProgressTable } from '../tables/progress-table.ts'

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

export const QUARANTINE_SCHEMA: StructType = {
  type: 'struct',
  fields: [
    commentedField('pipeline', 'string', 'The group that refused the record'),
    commentedField('topic', 'string', 'Where the record came from'),
    commentedField('identity', 'string', 'Which topic of that name'),
    commentedField('partition', 'string', 'The partition or shard'),
    commentedField('offset', 'string', 'As the source names the record'),
    commentedField('time', 'timestamp', "The source's time of the record"),
    commentedField('reason', 'string', 'Why it may not enter the table'),
    commentedField('value', 'binary', 'The bytes as they came; NULL for a tombstone'),
    commentedField('state', 'string', 'bad, stray, replaying:<id> or replayed:<id>'),
    commentedField('refused_at', 'timestamp', 'When the worker refused it'),
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
  const largest = records.reduce((most, { value }) => Math.max(most, value?.length ?? 0), 0)
  using roomy = largest > LARGEST_USUAL ? await roomyEngine(largest, folder) : undefined
  const connection = await (roomy?.engine ?? engine).connect()
  try {
    const columns = [...TEXTS.map((name) => `${quoteName(name)} VARCHAR`), 'time_ms BIGINT', 'value BLOB']
    await connection.run(`CREATE TEMP TABLE refused (${columns.join(', ')})`)
    await append(records, connection)
    const texts = TEXTS.map(quoteName).join(', ')
    const query = `
      SELECT ${texts}, epoch_ms(time_ms)::TIMESTAMP AT TIME ZONE 'UTC' AS time, value,
        epoch_ms(${runtime.now()})::TIMESTAMP AT TIME ZONE 'UTC' AS refused_at
      FROM refused`
    return await stageParquet(connection, query, QUARANTINE_SCHEMA, folder, runtime)
  } finally {
    connection.closeSync()
  }
}

/** What the usual engine's memory is enough for; a value is there up to six times while it is written. */
const LARGEST_USUAL = 64 << 20
const TIMES_THERE = 6

/** For a value that is larger than anybody planned for: kept as well, with what memory it takes. */
async function roomyEngine(largest: number, folder: string) {
  const memoryLimit = `${512 + Math.ceil((TIMES_THERE * largest) / (1 << 20))}MiB`
  const engine = await openDuckDB({ threads: 1, memoryLimit, temporaryFolder: folder })
  return { engine, [Symbol.dispose]: () => engine.close() }
}

const TEXTS = ['pipeline', 'topic', 'identity', 'partition', 'offset', 'reason', 'state'] as const

/** The appender keeps what it has not flushed twice. */
const FLUSHED_BYTES = 4 << 20

type Connection = Awaited<ReturnType<DuckDB['connect']>>

async function append(records: readonly QuarantinedRecord[], connection: Connection): Promise<void> {
  const appender = await connection.createAppender('refused')
  let bytes = 0
  for (const record of records) {
    for (const name of TEXTS) appender.appendVarchar(record[name])
    appender.appendBigInt(BigInt(record.time))
    if (record.value === null) appender.appendNull()
    else appender.appendBlob(record.value)
    appender.endRow()
    bytes += record.value?.length ?? 0
    if (bytes < FLUSHED_BYTES) continue
    appender.flushSync()
    bytes = 0
  }
  appender.closeSync()
}

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
