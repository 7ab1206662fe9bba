import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { RowSource } from './outputs.ts'

/** What can be said of rows whatever their order and their files: equal rows give equal fingerprints. */
export interface Fingerprint {
  readonly rows: string
  /** By column: how many values are not NULL, and the sum of the numbers, or of the texts' lengths. */
  readonly columns: Readonly<Record<string, { readonly values: string; readonly sum: string | null }>>
  /** The sum of all rows' hashes. */
  readonly hash: string | null
}

/** Read by DuckDB alone: none of our code stands between the files and the answer. */
export async function fingerprint({ before, query }: RowSource): Promise<Fingerprint> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '2GB' })
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    if (before !== undefined) await connection.run(before)
    return await fingerprintBy(connection, query)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function fingerprintBy(connection: DuckDBConnection, query: string): Promise<Fingerprint> {
  const described = await connection.runAndReadAll(`DESCRIBE ${query}`)
  const columns = described
    .getRowObjectsJson()
    .map(({ column_name, column_type }) => ({ name: String(column_name), type: String(column_type) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const sums = columns.flatMap(({ name, type }) => [`count("${name}")`, sumOf(name, type)])
  const rowHash = `sum(hash(${columns.map(({ name, type }) => plain(name, type)).join(', ')})::HUGEINT)`
  const answer = await connection.runAndReadAll(`SELECT count(*), ${rowHash}, ${sums.join(', ')} FROM (${query})`)
  const [rows, hash, ...each] = answer.getRowsJson()[0] ?? []
  return {
    rows: String(rows),
    hash: text(hash),
    columns: Object.fromEntries(
      columns.map(({ name }, i) => [name, { values: String(each[2 * i]), sum: text(each[2 * i + 1]) }]),
    ),
  }
}

/** The column in a form that does not depend on the width or zone that a writer chose. */
function plain(name: string, type: string): string {
  return type.startsWith('TIMESTAMP') ? `epoch_us("${name}")` : `CAST("${name}" AS VARCHAR)`
}

function sumOf(name: string, type: string): string {
  if (/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*)$/.test(type)) return `sum("${name}")`
  if (type.startsWith('TIMESTAMP')) return `sum(epoch_us("${name}")::HUGEINT)`
  return `sum(length(CAST("${name}" AS VARCHAR)))`
}

function text(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value)
}

/** The first thing in which they differ, in words. */
export function difference(expected: Fingerprint, found: Fingerprint): string | undefined {
  if (expected.rows !== found.rows) return `${found.rows} rows, not ${expected.rows}`
  const names = new Set([...Object.keys(expected.columns), ...Object.keys(found.columns)])
  for (const name of names) {
    const [a, b] = [expected.columns[name], found.columns[name]]
    if (!a || !b) return `column ${name} is ${a ? 'missing' : 'more than there should be'}`
    if (a.values !== b.values) return `column ${name} has ${b.values} values, not ${a.values}`
    if (a.sum !== b.sum) return `column ${name} sums up to ${b.sum}, not ${a.sum}`
  }
  return expected.hash === found.hash ? undefined : `the sum of the rows' hashes is ${found.hash}, not ${expected.hash}`
}
