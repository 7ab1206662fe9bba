import type { DuckDBConnection } from '@duckdb/node-api'
import { nearest } from '@millrace/base'
import type { Dataset } from '../../dataset/dataset.ts'
import { emptyRaw, typedRows } from './queries.ts'

/** The line of the statement below on which the data set's own SQL begins. */
const FIRST_LINE = 3

/**
 * Says what is wrong with the SQL of a data set, and at which place of its own files: the engine's error names a line of
 * a statement that the user has never seen. Returns undefined if none of the parts is at fault by itself.
 */
export async function sqlFault(dataset: Dataset, connection: DuckDBConnection): Promise<string | undefined> {
  const cleaned = `WITH raw AS (${emptyRaw(dataset)})\nSELECT * FROM (\n${dataset.sql}\n)`
  const given = await resultOf(connection, cleaned)
  if (typeof given === 'string') return `clean.sql${placed(given)}`
  const has = new Set(given.map((name) => name.toLowerCase()))
  const lacking = dataset.schema.fields.filter(({ name }) => !has.has(name.toLowerCase())).map(({ name }) => name)
  if (lacking.length > 0) {
    const list = lacking.map((name) => JSON.stringify(name)).join(', ')
    const unused = given.filter((name) =>
      dataset.schema.fields.every((field) => field.name.toLowerCase() !== name.toLowerCase()),
    )
    const meant = nearest(lacking[0] ?? '', unused)
    const hint = meant === undefined ? '' : `. Is ${meant} meant?`
    return `clean.sql gives no column ${list}, which dataset.json has under "columns"; it gives ${given.join(', ')}${hint}`
  }
  const rows = typedRows(dataset, cleaned)
  for (const field of dataset.schema.fields) {
    const typed = await resultOf(
      connection,
      typedRows({ ...dataset, schema: { type: 'struct', fields: [field] } }, cleaned),
    )
    if (typeof typed === 'string')
      return `column ${field.name} is not of the type that dataset.json says: ${shortened(typed)}`
  }
  for (const { name, predicate } of dataset.expectations) {
    const held = await resultOf(connection, `SELECT CASE WHEN ${predicate} THEN 1 END FROM (${rows})`)
    if (typeof held === 'string') return `expectation ${name} (${predicate}): ${shortened(held)}`
  }
  return undefined
}

/** Returns the names of the columns, or the error. */
async function resultOf(connection: DuckDBConnection, sql: string): Promise<string[] | string> {
  try {
    return (await connection.runAndReadAll(sql)).columnNames()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const PLACE = /\n*LINE (\d+): ([^\n]*)\n( *)\^\s*$/

/** Returns the error with the line and the column within clean.sql, and that line below it. */
function placed(message: string): string {
  const [whole, number = '', line = '', indent = ''] = PLACE.exec(message) ?? []
  if (whole === undefined) return `: ${shortened(message)}`
  const column = Math.max(0, indent.length - `LINE ${number}: `.length)
  const what = shortened(message.slice(0, -whole.length))
  return `, line ${Number(number) - FIRST_LINE + 1}: ${what}\n${line}\n${' '.repeat(column)}^`
}

function shortened(message: string): string {
  return message
    .replace(/\n*LINE \d+: .*$/s, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
}
