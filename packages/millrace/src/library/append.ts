import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { appendRows, committedOrThrow, duckdbType, planScan, type Snapshot, type StructField } from '@millrace/delta'
import { type Machine, quoteName, quoteText } from '@millrace/engine'
import { type Table as ArrowTable, isArrowTable } from 'apache-arrow'
import { arrowRows } from './arrow-rows.ts'
import { lineEncoder } from './line-encoder.ts'
import type { Appended, AppendOptions, Rows } from './rows.ts'

/** Writes rows of a table as lines of JSON, which the engine reads with the table's types. */
export async function appendTo(
  snapshot: Snapshot,
  rows: Rows | ArrowTable,
  { userMetadata, once }: AppendOptions,
  { engine, workFolder, runtime }: Machine,
): Promise<Appended> {
  const before = once && snapshot.txns.get(once.writer)
  if (once && before !== undefined && before >= BigInt(once.version)) return { version: snapshot.version, rows: 0 }
  const columns = planScan(snapshot).columns
  const file = join(workFolder, `${runtime.uuid()}.jsonl`)
  const connection = await engine.connect()
  try {
    const { written, longest } = await writeLines(isArrowTable(rows) ? arrowRows(rows) : (rows as Rows), columns, file)
    const options = {
      ...(userMetadata !== undefined && { userMetadata }),
      ...(once && { txn: [{ appId: once.writer, version: BigInt(once.version), lastUpdated: runtime.now() }] }),
    }
    const context = { connection, folder: workFolder, runtime }
    const result = await appendRows(snapshot, queryOf(file, longest, columns), context, options)
    return { version: committedOrThrow(result).version, rows: written }
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
