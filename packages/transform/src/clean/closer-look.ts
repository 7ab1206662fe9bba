import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { Dataset } from '../dataset/dataset.ts'
import { expectationBits, failedBits, failure } from '../dataset/expectations.ts'
import { isAboutRecords } from './fast-path.ts'
import { cleanRows, emptyRaw, FAILED } from './queries.ts'
import { countUnknownFields, createMessageTables, type RejectedPlace, readMessages } from './read-messages.ts'
import { type Selection, slice, valueIn } from './selection.ts'

/** What became of records that were read one by one. */
export interface CloserLook {
  /** A temporary table with the clean rows of the good ones, and `millrace_at`, their place in the selection. */
  readonly table: string
  readonly good: number
  /** In the selection's order. */
  readonly rejected: readonly RejectedPlace[]
  /** Places of good ones whose rows an expectation drops. */
  readonly dropped: readonly number[]
  /** For each expectation, how many of the rejected and of the dropped ones failed it. */
  readonly failed: readonly number[]
  readonly unknown: ReadonlyMap<string, number>
}

const TABLE = 'looked_at'

/** So much is in memory at a time. */
const PORTION_RECORDS = 8192
const PORTION_BYTES = 8 << 20

/** Reads and cleans the records, each by itself, a portion at a time. `nameOf` says how people know them. */
export async function lookCloser(
  dataset: Dataset,
  records: Selection,
  connection: DuckDBConnection,
  nameOf: (at: number) => string,
): Promise<CloserLook> {
  await createMessageTables(dataset, connection)
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${TABLE} AS SELECT 0 AS millrace_at, *
    FROM (${cleanRows(dataset, emptyRaw(dataset), failedBits(dataset.expectations))})`)
  const rejected: RejectedPlace[] = []
  const failed = dataset.expectations.map(() => 0)
  const unknown = new Map<string, number>()
  for (const [from, to] of portions(records)) {
    for (const each of await readMessages(dataset, connection, slice(records, from, to), from)) rejected.push(each)
    for (const [name, count] of await countUnknownFields(dataset, connection)) {
      unknown.set(name, (unknown.get(name) ?? 0) + count)
    }
    for (const each of await cleanReadOnes(dataset, connection, from, to)) rejected.push(each)
    for (const each of await takeOutUnfit(dataset, connection, from, failed, nameOf)) rejected.push(each)
    await checkCount(dataset, connection, to - rejected.length)
  }
  const dropped = await findDropped(dataset, connection, failed)
  const good = records.length - rejected.length
  return { table: TABLE, good, dropped, rejected: rejected.sort((a, b) => a.at - b.at), failed, unknown }
}

function* portions(records: Selection): Generator<readonly [number, number]> {
  for (let from = 0; from < records.length; ) {
    let [to, bytes] = [from, 0]
    while (to < records.length && to - from < PORTION_RECORDS && bytes < PORTION_BYTES) {
      bytes += valueIn(records, to++)?.length ?? 0
    }
    yield [from, to]
    from = to
  }
}

/** Runs the SQL over the readable records between two places; where it fails, halving finds the records at fault. */
async function cleanReadOnes(
  dataset: Dataset,
  connection: DuckDBConnection,
  from: number,
  to: number,
): Promise<RejectedPlace[]> {
  try {
    await connection.run(`INSERT INTO ${TABLE} BY NAME ${eachRecord(dataset, from, to)}`)
    return []
  } catch (error) {
    if (!isAboutRecords(error)) throw error
    if (to - from <= 1) return [{ at: from, reason: `clean.sql failed: ${error.message.split('\n')[0]}` }]
    const middle = Math.floor((from + to) / 2)
    const first = await cleanReadOnes(dataset, connection, from, middle)
    return [...first, ...(await cleanReadOnes(dataset, connection, middle, to))]
  }
}

/** Returns a SELECT that runs the SQL over each record by itself, so that each row is known by its record. */
function eachRecord(dataset: Dataset, from: number, to: number): string {
  const fields = dataset.fields.map(({ name }) => `message.${quoteName(name)} AS ${quoteName(name)}`)
  // With its place no record equals another: DuckDB would else clean equal ones once, and 0.0 equals -0.0.
  const raw = `SELECT ${fields.join(', ')}, message.millrace_at AS millrace_at`
  return `SELECT message.millrace_at AS millrace_at, clean.*
    FROM read_messages AS message, LATERAL (${cleanRows(dataset, raw, failedBits(dataset.expectations))}) clean
    WHERE message.millrace_at >= ${from} AND message.millrace_at < ${to} AND message.millrace_reason IS NULL`
}

/** Removes rows that an expectation sends to the quarantine from the table; fails where one says stop. */
async function takeOutUnfit(
  { name, expectations }: Dataset,
  connection: DuckDBConnection,
  from: number,
  counts: number[],
  nameOf: (at: number) => string,
): Promise<RejectedPlace[]> {
  const stop = expectationBits(expectations, 'stop')
  const unfit = stop | expectationBits(expectations, 'quarantine')
  if (unfit === 0) return []
  const where = `millrace_at >= ${from} AND ${FAILED} & ${unfit} <> 0`
  const reader = await connection.runAndReadAll(
    `SELECT millrace_at, ${FAILED} FROM ${TABLE} WHERE ${where} ORDER BY millrace_at`,
  )
  const unfitting = reader.getRows().map(([place, failed]) => {
    const [at, bits] = [Number(place), Number(failed)]
    const first = (mask: number) => expectations.find((_, i) => bits & mask & (1 << i))?.name ?? ''
    if (bits & stop) {
      throw new MillraceError('RECORD_INVALID', `${name}, ${nameOf(at)}: ${failure(first(stop))}, which says stop`)
    }
    countFailed(bits, counts)
    return { at, reason: failure(first(unfit)) }
  })
  if (unfitting.length > 0) await connection.run(`DELETE FROM ${TABLE} WHERE ${where}`)
  return unfitting
}

async function checkCount(dataset: Dataset, connection: DuckDBConnection, records: number): Promise<void> {
  const reader = await connection.runAndReadAll(`SELECT count(*) FROM ${TABLE}`)
  const rows = Number(reader.getRows()[0]?.[0])
  if (rows === records) return
  const message = `data set ${dataset.name}: its clean.sql made ${rows} rows of ${records} records; it must make one of each`
  throw new MillraceError('DATASET_INVALID', message, {
    next: 'To leave rows out, use an expectation that says drop.',
  })
}

async function findDropped(
  { expectations }: Dataset,
  connection: DuckDBConnection,
  counts: number[],
): Promise<number[]> {
  const drop = expectationBits(expectations, 'drop')
  if (drop === 0) return []
  const reader = await connection.runAndReadAll(
    `SELECT millrace_at, ${FAILED} FROM ${TABLE} WHERE ${FAILED} & ${drop} <> 0`,
  )
  return reader.getRows().map(([at, bits]) => {
    countFailed(Number(bits), counts)
    return Number(at)
  })
}

function countFailed(bits: number, counts: number[]): void {
  for (const i of counts.keys()) counts[i] = (counts[i] ?? 0) + (bits & (1 << i) ? 1 : 0)
}
