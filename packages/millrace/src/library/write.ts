import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  appendRows,
  committedOrThrow,
  duckdbType,
  planScan,
  type Snapshot,
  type StructField,
  upsertRows,
  type WriteContext,
  type WriteOptions,
} from '@millrace/delta'
import { type Machine, quoteName, quoteText } from '@millrace/engine'
import { type Table as ArrowTable, isArrowTable } from 'apache-arrow'
import { arrowRows } from './arrow-rows.ts'
import { lineEncoder } from './line-encoder.ts'
import type { Appended, AppendOptions, Rows, Upserted, UpsertOptions } from './rows.ts'

export async function appendTo(
  snapshot: Snapshot,
  rows: Rows | ArrowTable,
  options: AppendOptions,
  machine: Machine,
): Promise<Appended> {
  if (wasDone(snapshot, options)) return { version: snapshot.version, rows: 0 }
  return withRows(snapshot, rows, machine, async (query, written, context) => {
    const result = await appendRows(snapshot, query, context, writeOptions(options, machine))
    return { version: committedOrThrow(result).version, rows: written }
  })
}

export async function upsertInto(
  snapshot: Snapshot,
  rows: Rows | ArrowTable,
  { key, sequenceBy = [], deleteWhen, ...options }: UpsertOptions,
  machine: Machine,
): Promise<Upserted> {
  if (wasDone(snapshot, options)) {
    return { version: snapshot.version, inserted: 0, updated: 0, deleted: 0, ignored: 0 }
  }
  const how = { ...writeOptions(options, machine), ...(deleteWhen !== undefined && { deleteWhen }) }
  return withRows(snapshot, rows, machine, (query, _, context) =>
    upsertRows(snapshot, query, { key, sequenceBy }, context, how),
  )
}

function wasDone(snapshot: Snapshot, { once }: AppendOptions): boolean {
  const before = once && snapshot.txns.get(once.writer)
  return once !== undefined && before !== undefined && before >= BigInt(once.version)
}

function writeOptions({ userMetadata, once }: AppendOptions, { runtime }: Machine): WriteOptions {
  return {
    ...(userMetadata !== undefined && { userMetadata }),
    ...(once && { txn: [{ appId: once.writer, version: BigInt(once.version), lastUpdated: runtime.now() }] }),
  }
}

/** Writes rows of a table as lines of JSON, which the engine reads with the table's types. */
async function withRows<T>(
  snapshot: Snapshot,
  rows: Rows | ArrowTable,
  { engine, workFolder, runtime }: Machine,
  work: (query: string, written: number, context: WriteContext) => Promise<T>,
): Promise<T> {
  const columns = planScan(snapshot).columns
  const file = join(workFolder, `${runtime.uuid()}.jsonl`)
  const connection = await engine.connect()
  try {
    const { written, longest } = await writeLines(isArrowTable(rows) ? arrowRows(rows) : (rows as Rows), columns, file)
    return await work(queryOf(file, longest, columns), written, { connection, folder: workFolder, runtime })
  } finally {
    connection.closeSync()
    await rm(file, { force: true })
  }
}

async function writeLines(rows: Rows, columns: readonly StructField[], file: string) {
  const encode = lineEncoder(columns)
  let [written, longest] = [0, 0]
  async function* lines() {
    for await (const row of rows) {
      const line = Buffer.from(`${encode(row, written++)}\n`)
      longest = Math.max(longest, line.length)
      yield line
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(file))
  return { written, longest }
}

/** The engine takes twice as much memory for each of its threads. */
const USUAL_LINE = 1 << 20

/** Every value comes as text in its canonical form: nothing is rounded on the way, and nothing is guessed. */
function queryOf(file: string, longest: number, columns: readonly StructField[]): string {
  const types = columns.map(
    ({ name, type }) => `${quoteText(name)}: ${quoteText(type === 'binary' ? 'VARCHAR' : duckdbType(type))}`,
  )
  const values = columns.map(({ name, type }) =>
    type === 'binary' ? `unhex(${quoteName(name)}) AS ${quoteName(name)}` : quoteName(name),
  )
  const options = `format = 'newline_delimited', maximum_object_size = ${Math.max(longest, USUAL_LINE)}`
  return `SELECT ${values.join(', ')} FROM read_json(${quoteText(file)}, columns = {${types.join(', ')}}, ${options})`
}
