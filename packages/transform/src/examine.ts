import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { Dataset } from './dataset.ts'
import { expectationBits, failedBits, failure } from './expectations.ts'
import { countUnknownFields, createJudgeTables, judge, type Refused } from './judge.ts'
import { cleanRows, emptyRaw, FAILED } from './queries.ts'
import { isAboutRecords } from './record-errors.ts'
import { type Selection, slice, valueIn } from './selection.ts'

/** What was found out about records that were looked at one by one. */
export interface Examined {
  /** The table with the clean rows of the good ones, and `millrace_at`, their place in the selection. */
  readonly table: string
  readonly good: number
  /** In the selection's order. */
  readonly bad: readonly Refused[]
  /** Places of good ones whose rows an expectation drops. */
  readonly dropped: readonly number[]
  /** For each expectation, how many of the bad and of the dropped ones failed it. */
  readonly failed: readonly number[]
  readonly unknown: ReadonlyMap<string, number>
}

const TABLE = 'examined'

/** What is in memory at a time. */
const PORTION_RECORDS = 8192
const PORTION_BYTES = 8 << 20

export async function examine(
  dataset: Dataset,
  records: Selection,
  connection: DuckDBConnection,
  nameOf: (at: number) => string,
): Promise<Examined> {
  await createJudgeTables(dataset, connection)
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${TABLE} AS SELECT 0 AS millrace_at, *
    FROM (${cleanRows(dataset, emptyRaw(dataset), failedBits(dataset.expectations))})`)
  const bad: Refused[] = []
  const failed = dataset.expectations.map(() => 0)
  const unknown = new Map<string, number>()
  for (const [from, to] of portions(records)) {
    for (const refused of await judge(dataset, connection, slice(records, from, to), from)) bad.push(refused)
    for (const [name, count] of await countUnknownFields(dataset, connection)) {
      unknown.set(name, (unknown.get(name) ?? 0) + count)
    }
    for (const refused of await cleanJudged(dataset, connection, from, to)) bad.push(refused)
    for (const refused of await takeOutUnfit(dataset, connection, from, failed, nameOf)) bad.push(refused)
    await checkCount(dataset, connection, to - bad.length)
  }
  const dropped = await findDropped(dataset, connection, failed)
  const good = records.length - bad.length
  return { table: TABLE, good, dropped, bad: bad.sort((a, b) => a.at - b.at), failed, unknown }
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

/** Runs the SQL over the judged records from one place to another; where it raises an error, halves find for which. */
async function cleanJudged(
  dataset: Dataset,
  connection: DuckDBConnection,
  from: number,
  to: number,
): Promise<Refused[]> {
  try {
    await connection.run(`INSERT INTO ${TABLE} BY NAME ${eachRecord(dataset, from, to)}`)
    return []
  } catch (error) {
    if (!isAboutRecords(error)) throw error
    if (to - from <= 1) return [{ at: from, reason: `clean.sql failed: ${error.message.split('\n')[0]}` }]
    const middle = Math.floor((from + to) / 2)
    const first = await cleanJudged(dataset, connection, from, middle)
    return [...first, ...(await cleanJudged(dataset, connection, middle, to))]
  }
}

/** The SQL over each record by itself, so that each row is known by its record. */
function eachRecord(dataset: Dataset, from: number, to: number): string {
  const fields = dataset.fields.map(({ name }) => `judged.${quoteName(name)} AS ${quoteName(name)}`)
  // With its place no record equals another: DuckDB would else clean equal ones once, and 0.0 equals -0.0.
  const raw = `SELECT ${fields.join(', ')}, judged.millrace_at AS millrace_at`
  return `SELECT judged.millrace_at AS millrace_at, clean.*
    FROM judged, LATERAL (${cleanRows(dataset, raw, failedBits(dataset.expectations))}) clean
    WHERE judged.millrace_at >= ${from} AND judged.millrace_at < ${to} AND judged.millrace_reason IS NULL`
}

/** Rows that an expectation sends to the quarantine leave the table; one that says stop stops. */
async function takeOutUnfit(
  { name, expectations }: Dataset,
  connection: DuckDBConnection,
  from: number,
  counts: number[],
  nameOf: (at: number) => string,
): Promise<Refused[]> {
  const stop = expectationBits(expectations, 'stop')
  const unfit = stop | expectationBits(expectations, 'quarantine')
  if (unfit === 0) return []
  const where = `millrace_at >= ${from} AND ${FAILED} & ${unfit} <> 0`
  const reader = await connection.runAndReadAll(
    `SELECT millrace_at, ${FAILED} FROM ${TABLE} WHERE ${where} ORDER BY millrace_at`,
  )
  const refused = reader.getRows().map(([place, failed]) => {
    const [at, bits] = [Number(place), Number(failed)]
    const first = (mask: number) => expectations.find((_, i) => bits & mask & (1 << i))?.name ?? ''
    if (bits & stop) {
      throw new MillraceError('RECORD_INVALID', `${name}, ${nameOf(at)}: ${failure(first(stop))}, which says stop`)
    }
    countFailed(bits, counts)
    return { at, reason: failure(first(unfit)) }
  })
  if (refused.length > 0) await connection.run(`DELETE FROM ${TABLE} WHERE ${where}`)
  return refused
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
