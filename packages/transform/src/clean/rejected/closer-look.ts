import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import type { Dataset } from '../../dataset/dataset.ts'
import { expectationBits, failedBits, failure } from '../../dataset/expectations.ts'
import { type Selection, slice, valueIn } from '../files/selection.ts'
import { cleanRows, emptyRaw, FAILED, notTaken } from '../sql/queries.ts'
import type { Work } from '../work.ts'
import { cleanReadOnes } from './errors-of-records.ts'
import { countUnknownFields, createMessageTables, type RejectedAt, readMessages } from './read-messages.ts'

/** Outcome of records that were read one by one. */
export interface CloserLook {
  /** A temporary table with the clean rows of the good ones, and `millrace_at`, their place in the selection. */
  readonly table: string
  readonly good: number
  /** Rejected records, in the selection's order. */
  readonly rejected: readonly RejectedAt[]
  /** Places of good ones whose rows an expectation drops. */
  readonly dropped: readonly number[]
  /** For each expectation, how many of the rejected and of the dropped ones failed it. */
  readonly failed: readonly number[]
  readonly unknown: ReadonlyMap<string, number>
}

const TABLE = 'looked_at'

/** Maximum of a portion, which is in memory at a time. */
const PORTION_RECORDS = 8192
const PORTION_BYTES = 8 << 20

/**
 * Reads and cleans the records, each by itself, a portion at a time. Cleaning probably raises an error for those from
 * the place `failing` on.
 */
export async function lookCloser(work: Work, records: Selection, failing: number): Promise<CloserLook> {
  const { dataset, connection } = work
  await createMessageTables(dataset, connection)
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${TABLE} AS SELECT 0 AS millrace_at, *
    FROM (${cleanRows(dataset, emptyRaw(dataset), failedBits(dataset.expectations))})`)
  const nameAt = (at: number) => work.nameOf(records.block[at] ?? 0, records.index[at] ?? 0)
  const rejected: RejectedAt[] = []
  const reasons = new Map<string, string>()
  const reject = (found: readonly RejectedAt[]) => {
    for (const { at, reason } of found) rejected.push({ at, reason: sameText(reasons, reason) })
  }
  const failed = dataset.expectations.map(() => 0)
  const unknown = new Map<string, number>()
  for (const [from, to] of portions(records)) {
    reject(await readMessages(dataset, connection, slice(records, from, to), from))
    for (const [name, count] of await countUnknownFields(dataset, connection)) {
      unknown.set(name, (unknown.get(name) ?? 0) + count)
    }
    reject(await cleanReadOnes(work, TABLE, [from, to], failing))
    reject(await takeOutUnfit(dataset, connection, from, failed, nameAt))
    reject(await takeOutRefused(dataset, connection, from, work.refusal))
    await checkCount(dataset, connection, to - rejected.length)
  }
  const dropped = await findDropped(dataset, connection, failed)
  const good = records.length - rejected.length
  return { table: TABLE, good, dropped, rejected: rejected.sort((a, b) => a.at - b.at), failed, unknown }
}

/** Returns the text that is known already if there is an equal one: a million rejected records have few reasons. */
function sameText(known: Map<string, string>, text: string): string {
  const there = known.get(text)
  if (there === undefined) known.set(text, text)
  return there ?? text
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

/** Removes rows that an expectation sends to the quarantine from the table; fails where one says stop. */
async function takeOutUnfit(
  { name, expectations }: Dataset,
  connection: DuckDBConnection,
  from: number,
  counts: number[],
  nameOf: (at: number) => string,
): Promise<RejectedAt[]> {
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

/** Removes rows that the table would not take. */
async function takeOutRefused(
  dataset: Dataset,
  connection: DuckDBConnection,
  from: number,
  refusal: string | undefined,
): Promise<RejectedAt[]> {
  if (refusal === undefined) return []
  const where = `millrace_at >= ${from} AND ${notTaken(dataset, refusal)}`
  const reader = await connection.runAndReadAll(`SELECT millrace_at, ${refusal} FROM ${TABLE} WHERE ${where}`)
  const refused = reader.getRows().map(([at, reason]) => ({ at: Number(at), reason: String(reason) }))
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
