import type { DuckDBConnection } from '@duckdb/node-api'
import { type JoinedValues, MillraceError } from '@millrace/base'
import { quoteName } from '@millrace/lake'
import type { BadRecord, CleanParts, Fates, UseRows } from './clean.ts'
import type { Dataset } from './dataset.ts'
import { expectationBits, failedBits, failure } from './expectations.ts'
import { createJudge, type Refused } from './judge.ts'
import { cleanRows, columnList, emptyRaw, FAILED, rowHash } from './queries.ts'
import { isAboutRecords } from './record-errors.ts'
import { beginTally } from './tally.ts'

/** Finds out which records are bad, one block after the other, and gives the rows of the others. */
export async function carefulRows<T extends { readonly rows: bigint }>(
  dataset: Dataset,
  blocks: readonly JoinedValues[],
  parts: CleanParts,
  connection: DuckDBConnection,
  use: UseRows<T>,
): Promise<{ result: T; fates: Fates }> {
  const judge = await createJudge(dataset, connection)
  const failing = failedBits(dataset.expectations)
  await connection.run(`CREATE TEMP TABLE cleaned AS SELECT 0 AS millrace_block, 0 AS millrace_at, *
    FROM (${cleanRows(dataset, emptyRaw(dataset), failing)})`)
  const bad: BadRecord[] = []
  const failed = dataset.expectations.map(() => 0)
  for (const [block, values] of blocks.entries()) {
    const refused = await judge.judge(values)
    const raising = await cleanRange(dataset, connection, block, 0, values.count)
    const unfit = await takeOutUnfit(dataset, connection, block, failed, parts)
    const inBlock = [...refused, ...raising, ...unfit].sort((a, b) => a.index - b.index)
    for (const record of inBlock) bad.push({ block, ...record })
  }
  const tally = await beginTally(parts.engine, expectationBits(dataset.expectations, 'drop'))
  try {
    const query = `SELECT ${columnList(dataset)} FROM cleaned WHERE ${tally.where(rowHash(dataset), FAILED)}`
    const result = await use(query, connection)
    const rows = Number(result.rows)
    const good = blocks.reduce((sum, { count }) => sum + count, 0) - bad.length
    if (rows + tally.dropped !== good) throw miscounted(dataset, good, rows + tally.dropped)
    const fates: Fates = {
      rows,
      hash: tally.hash,
      bad,
      filtered: await droppedPerBlock(dataset, connection, blocks.length),
      failed: new Map(dataset.expectations.map(({ name }, i) => [name, tally.failed(i) + (failed[i] ?? 0)])),
      unknown: judge.unknown(),
      path: 'careful',
    }
    return { result, fates }
  } finally {
    tally.end()
  }
}

/** Cleans the judged records from one index to another; where the SQL raises an error, halves find for which. */
async function cleanRange(
  dataset: Dataset,
  connection: DuckDBConnection,
  block: number,
  from: number,
  to: number,
): Promise<Refused[]> {
  try {
    await connection.run(`INSERT INTO cleaned BY NAME ${eachRecord(dataset, block, from, to)}`)
    return []
  } catch (error) {
    if (!isAboutRecords(error)) throw error
    if (to - from <= 1) return [{ index: from, reason: `clean.sql failed: ${error.message.split('\n')[0]}` }]
    const middle = Math.floor((from + to) / 2)
    const first = await cleanRange(dataset, connection, block, from, middle)
    return [...first, ...(await cleanRange(dataset, connection, block, middle, to))]
  }
}

/** The SQL over each record by itself, so that each row is known by its record. */
function eachRecord(dataset: Dataset, block: number, from: number, to: number): string {
  const fields = dataset.fields.map(({ name }) => `judged.${quoteName(name)} AS ${quoteName(name)}`)
  // With its index no record equals another: DuckDB would else clean equal ones once, and 0.0 equals -0.0.
  const raw = `SELECT ${fields.join(', ')}, judged.millrace_at AS millrace_at`
  return `SELECT ${block} AS millrace_block, judged.millrace_at AS millrace_at, clean.*
    FROM judged, LATERAL (${cleanRows(dataset, raw, failedBits(dataset.expectations))}) clean
    WHERE judged.millrace_at >= ${from} AND judged.millrace_at < ${to} AND judged.millrace_reason IS NULL`
}

/** Rows that an expectation sends to the quarantine leave the table; one that says stop stops. */
async function takeOutUnfit(
  dataset: Dataset,
  connection: DuckDBConnection,
  block: number,
  counts: number[],
  { nameOf }: CleanParts,
): Promise<Refused[]> {
  const { expectations } = dataset
  const stop = expectationBits(expectations, 'stop')
  const unfit = stop | expectationBits(expectations, 'quarantine')
  if (unfit === 0) return []
  const where = `millrace_block = ${block} AND ${FAILED} & ${unfit} <> 0`
  const reader = await connection.runAndReadAll(
    `SELECT millrace_at, ${FAILED} FROM cleaned WHERE ${where} ORDER BY millrace_at`,
  )
  const refused = reader.getRows().map(([at, failed]) => {
    const [index, bits] = [Number(at), Number(failed)]
    const first = (mask: number) => expectations.find((_, i) => bits & mask & (1 << i))?.name ?? ''
    if (bits & stop) {
      const record = nameOf?.(block, index) ?? `record ${index} of block ${block}`
      throw new MillraceError('RECORD_INVALID', `${dataset.name}, ${record}: ${failure(first(stop))}, which says stop`)
    }
    for (const i of expectations.keys()) counts[i] = (counts[i] ?? 0) + (bits & (1 << i) ? 1 : 0)
    return { index, reason: failure(first(unfit)) }
  })
  if (refused.length > 0) await connection.run(`DELETE FROM cleaned WHERE ${where}`)
  return refused
}

async function droppedPerBlock(dataset: Dataset, connection: DuckDBConnection, blocks: number): Promise<number[]> {
  const drop = expectationBits(dataset.expectations, 'drop')
  const reader = await connection.runAndReadAll(
    `SELECT millrace_block, count(*) FROM cleaned WHERE ${FAILED} & ${drop} <> 0 GROUP BY millrace_block`,
  )
  const counts = new Map(reader.getRows().map(([block, count]) => [Number(block), Number(count)]))
  return Array.from({ length: blocks }, (_, block) => counts.get(block) ?? 0)
}

function miscounted(dataset: Dataset, records: number, rows: number): MillraceError {
  const message = `data set ${dataset.name}: its clean.sql made ${rows} rows of ${records} records; it must make one of each`
  return new MillraceError('DATASET_INVALID', message, {
    next: 'To leave rows out, use an expectation that says drop.',
  })
}
