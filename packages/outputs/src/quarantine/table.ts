import type { Runtime } from '@millrace/base'
import { commentedField, type StagedFile, type StructType, stageParquet } from '@millrace/delta'
import { type Engine, openDuckDB, quoteName } from '@millrace/engine'
import type { RejectedRecords } from '../rejected-record.ts'

export const QUARANTINE_SCHEMA: StructType = {
  type: 'struct',
  fields: [
    commentedField('pipeline', 'string', 'The group that rejected the record; batch where the daily run did'),
    commentedField('topic', 'string', 'The topic, or the raw object, that the record came from'),
    commentedField('identity', 'string', 'Which topic of that name; the date of the daily run'),
    commentedField('partition', 'string', 'The partition or shard'),
    commentedField(
      'offset',
      'string',
      'The name of the record in it: an offset, or its number in the object, from 1; [n] after it where a message holds several, from 0; empty for the whole object',
    ),
    commentedField(
      'offset_number',
      'long',
      'The offset as a number, to sort by; NULL where it is none, or a longer one',
    ),
    commentedField('time', 'timestamp', "The source's time of the record; when the daily run was planned"),
    commentedField('reason', 'string', 'Why it may not enter the table'),
    commentedField('value', 'binary', 'The bytes as they came; NULL for a tombstone'),
    commentedField('key', 'binary', "The bytes of the message's key, where the data set reads keys"),
    commentedField('state', 'string', 'bad, unrecognized, replaying:<id>, replayed:<id> or dismissed: <why>'),
    commentedField('rejected_at', 'timestamp', 'When it was rejected'),
  ],
}

/** Kinesis numbers records by more digits than a number has; those are of one length, so that they sort as text. */
const OFFSET_NUMBER = `TRY_CAST(split_part("offset", '[', 1) AS BIGINT)`

/** The state of a record that was given up begins so. */
export const DISMISSED = 'dismissed: '

export const quarantinePath = (table: string) => `${table}_quarantine`

/** Writes rejected records into a file for the quarantine table. Their bytes are kept to the last one. */
export async function stageRejected(
  records: RejectedRecords,
  engine: Engine,
  folder: string,
  runtime: Runtime,
): Promise<StagedFile> {
  let largest = 0
  for (const { value, key } of records) largest = Math.max(largest, value?.length ?? 0, key?.length ?? 0)
  if (largest <= LARGEST_USUAL) {
    return engine.withRoomFor(largest, () => writeRejected(records, engine, folder, runtime))
  }
  using roomy = await roomyEngine(largest, folder)
  return await writeRejected(records, roomy.engine, folder, runtime)
}

async function writeRejected(
  records: RejectedRecords,
  engine: Engine,
  folder: string,
  runtime: Runtime,
): Promise<StagedFile> {
  const connection = await engine.connect()
  try {
    const columns = [...TEXTS.map((name) => `${quoteName(name)} VARCHAR`), 'time_ms BIGINT', 'value BLOB', 'key BLOB']
    await connection.run(`CREATE TEMP TABLE rejected (${columns.join(', ')})`)
    await append(records, connection)
    const texts = TEXTS.map(quoteName).join(', ')
    const query = `
      SELECT ${texts}, ${OFFSET_NUMBER} AS offset_number, epoch_ms(time_ms)::TIMESTAMP AT TIME ZONE 'UTC' AS time, value, key,
        epoch_ms(${runtime.now()})::TIMESTAMP AT TIME ZONE 'UTC' AS rejected_at
      FROM rejected`
    return await stageParquet(connection, query, QUARANTINE_SCHEMA, folder, runtime)
  } finally {
    connection.closeSync()
  }
}

/** Maximum size of a value for the shared engine; while it is written there are up to six copies of it. */
const LARGEST_USUAL = 64 << 20
const TIMES_THERE = 6

/** For a value that is larger than anybody planned for: kept as well, with what memory it takes. */
async function roomyEngine(largest: number, folder: string) {
  const memoryLimit = `${512 + Math.ceil((TIMES_THERE * largest) / (1 << 20))}MiB`
  const engine = await openDuckDB({ files: [], threads: 1, memoryLimit, temporaryFolder: folder })
  return { engine, [Symbol.dispose]: () => engine.close() }
}

const TEXTS = ['pipeline', 'topic', 'identity', 'partition', 'offset', 'reason', 'state'] as const

/** The appender keeps what it has not flushed twice. */
const FLUSHED_BYTES = 4 << 20

/** What a row takes there beside its value, about. */
const ROW_BYTES = 256

type Connection = Awaited<ReturnType<Engine['connect']>>

async function append(records: RejectedRecords, connection: Connection): Promise<void> {
  const appender = await connection.createAppender('rejected')
  let bytes = 0
  for (const record of records) {
    for (const name of TEXTS) appender.appendVarchar(record[name])
    appender.appendBigInt(BigInt(record.time))
    for (const bytes of [record.value, record.key]) {
      if (bytes === null) appender.appendNull()
      else appender.appendBlob(bytes)
    }
    appender.endRow()
    bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0) + ROW_BYTES
    if (bytes < FLUSHED_BYTES) continue
    appender.flushSync()
    bytes = 0
  }
  appender.closeSync()
}
