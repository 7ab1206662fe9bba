import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import { quoteName } from '@millrace/engine'
import type { Dataset } from '../../dataset/dataset.ts'
import { failedBits } from '../../dataset/expectations.ts'
import { sqlType } from '../../dataset/fields.ts'
import { cleanRows, columnList, FAILED, placeColumn } from '../sql/queries.ts'
import type { Work } from '../work.ts'
import type { RejectedAt } from './read-messages.ts'
import { isAboutRecords } from './record-error.ts'

/** From the first place to before the last. */
type Range = readonly [from: number, to: number]

/** Finds records of a range that cleaning may fail for. */
type FindFailing = (work: Work, range: Range) => Promise<readonly number[]>

/**
 * Cleans the records of a range that could be read into the table, and returns those for which the SQL raises an error.
 * Cleaning probably fails for those from the place `failing` on. An error ends a statement and says nothing of the
 * other records, so those at fault are found first, in one statement if SQL can say it, else by halving.
 */
export async function cleanReadOnes(
  work: Work,
  table: string,
  [from, to]: Range,
  failing: number,
): Promise<RejectedAt[]> {
  const rejected: RejectedAt[] = []
  const known: FindFailing = async () => range(Math.max(from, failing), to)
  let cause: unknown
  for (const find of [known, findNoted, findByHalves]) {
    for (const each of await tryEach(work, await find(work, [from, to]))) rejected.push(each)
    try {
      await work.connection.run(`INSERT INTO ${table} BY NAME ${eachRecord(work.dataset, from, to)}`)
      return rejected
    } catch (error) {
      if (!isAboutRecords(error)) throw error
      cause = error
    }
  }
  throw cause
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}

/** Returns a SELECT that runs the SQL over each record by itself, so that each row is known by its record. */
function eachRecord(dataset: Dataset, from: number, to: number): string {
  const fields = dataset.fields.map(({ name }) => `message.${quoteName(name)} AS ${quoteName(name)}`)
  // With its place no record equals another: DuckDB would else clean equal ones once, and 0.0 equals -0.0.
  const places = ['message.millrace_at AS millrace_at', ...placeColumn(dataset, 'message.millrace_at')]
  const raw = `SELECT ${[...fields, ...places].join(', ')}`
  return `SELECT message.millrace_at AS millrace_at, clean.*
    FROM read_messages AS message, LATERAL (${cleanRows(dataset, raw, failedBits(dataset.expectations))}) clean
    WHERE message.millrace_at >= ${from} AND message.millrace_at < ${to} AND message.millrace_reason IS NULL`
}

const findNoted: FindFailing = async ({ dataset, connection, noteFailures }, [from, to]) => {
  const note = await noteFailures()
  if (!note) return []
  const fields = dataset.fields.map(({ name }) => quoteName(name))
  const records = `SELECT ${['millrace_at', ...fields].join(', ')} FROM read_messages
    WHERE millrace_at >= ${from} AND millrace_at < ${to} AND millrace_reason IS NULL`
  return note(connection, records, undefined)
}

/** Halves a range until what is left of it passes or is one record. */
const findByHalves: FindFailing = async ({ dataset, connection }, all) => {
  const fields = [...dataset.fields.map(({ name }) => quoteName(name)), ...placeColumn(dataset, 'millrace_at')]
  const raw = `SELECT ${fields.join(', ')} FROM read_messages
    WHERE millrace_at >= $1 AND millrace_at < $2 AND millrace_reason IS NULL`
  const rows = cleanRows(dataset, raw, failedBits(dataset.expectations))
  const statement = await connection.prepare(`SELECT bit_xor(hash(${columnList(dataset)}, ${FAILED})) FROM (${rows})`)
  const passes = ([from, to]: Range) => {
    statement.bindInteger(1, from)
    statement.bindInteger(2, to)
    return errorOf(statement).then((error) => error === undefined)
  }
  const failing: number[] = []
  /** Searches a range that is known to fail. */
  const search = async ([from, to]: Range): Promise<void> => {
    if (to - from <= 1) return void failing.push(from)
    const middle = Math.floor((from + to) / 2)
    const firstPasses = await passes([from, middle])
    if (!firstPasses) await search([from, middle])
    if (firstPasses || !(await passes([middle, to]))) await search([middle, to])
  }
  try {
    await search(all)
    return failing
  } finally {
    statement.destroySync()
  }
}

/**
 * Cleans each of these records in a statement of its own. Takes out those that fail, and returns them with the error.
 */
async function tryEach({ dataset, connection }: Work, places: readonly number[]): Promise<RejectedAt[]> {
  if (places.length === 0) return []
  const columns = ['millrace_at', ...dataset.fields.map(({ name }) => quoteName(name))].join(', ')
  const among = `millrace_at IN (${places.join(', ')}) AND millrace_reason IS NULL`
  const reader = await connection.runAndReadAll(`SELECT ${columns} FROM read_messages WHERE ${among}`)
  const statement = await prepareOne(dataset, connection)
  try {
    const rejected: RejectedAt[] = []
    for (const [at, ...values] of reader.getRows()) {
      for (const [i, value] of values.entries()) statement.bindValue(i + 1, value, reader.columnType(i + 1))
      const error = await errorOf(statement)
      if (error) rejected.push({ at: Number(at), reason: `clean.sql failed: ${error.message.split('\n')[0]}` })
    }
    if (rejected.length > 0) {
      const failed = rejected.map(({ at }) => at)
      await connection.run(`DELETE FROM read_messages WHERE millrace_at IN (${failed.join(', ')})`)
    }
    return rejected
  } finally {
    statement.destroySync()
  }
}

/** Prepares the SQL over one record, whose fields are the parameters. */
function prepareOne(dataset: Dataset, connection: DuckDBConnection): Promise<DuckDBPreparedStatement> {
  const fields = dataset.fields.map(({ name, type }, i) => `CAST($${i + 1} AS ${sqlType(type)}) AS ${quoteName(name)}`)
  const raw = [...fields, ...placeColumn(dataset, '0')]
  return connection.prepare(cleanRows(dataset, `SELECT ${raw.join(', ')}`, failedBits(dataset.expectations)))
}

/** Runs the statement, and returns the error that a record caused. */
async function errorOf(statement: DuckDBPreparedStatement): Promise<Error | undefined> {
  try {
    await statement.run()
    return undefined
  } catch (error) {
    if (isAboutRecords(error)) return error
    throw error
  }
}
