import type { DuckDBConnection } from '@duckdb/node-api'
import { planScan, quoteName, type Snapshot, withScan } from '@millrace/lake'
import type { Dataset } from '@millrace/transform'

/** Clean rows on their way into a table: those that it has, or that came twice, are held back. */
export interface RowSieve {
  /** Into this table of the engine goes each portion of clean rows, with `fill` as the SELECT. */
  fill(query: string, connection: DuckDBConnection): Promise<bigint>
  /** Judges the portion. What it says and the SELECT of the rows to write hold until the next `fill`. */
  sift(): Promise<Sifted>
}

export interface Sifted {
  readonly rows: number
  readonly duplicates: number
  /** Rows whose time has not come yet, as JSON. */
  readonly future: readonly string[]
  readonly query: string
}

/**
 * Rows are known by two hashes of all their columns, the columns taken forwards and backwards: 128 bits, so
 * that what the table has can be kept in mind instead of its rows.
 */
export async function createSieve(dataset: Dataset, connection: DuckDBConnection, latest: number): Promise<RowSieve> {
  const names = dataset.schema.fields.map(({ name }) => quoteName(name))
  const keyed = `hash(${names.join(', ')}) AS millrace_h1, hash(${names.toReversed().join(', ')}) AS millrace_h2`
  const moments = dataset.schema.fields.filter(({ type }) => type === 'timestamp').map(({ name }) => quoteName(name))
  const limit = `epoch_ms(${latest})::TIMESTAMP AT TIME ZONE 'UTC'`
  const isFuture =
    moments.length === 0 ? 'false' : moments.map((name) => `coalesce(${name} > ${limit}, false)`).join(' OR ')
  await connection.run('CREATE OR REPLACE TABLE seen (h1 UBIGINT, h2 UBIGINT)')
  return {
    async fill(query, on) {
      await on.run(`CREATE OR REPLACE TABLE portion AS SELECT ${names.join(', ')}, ${keyed} FROM (${query})`)
      return count(on, 'SELECT count(*) FROM portion')
    },
    async sift() {
      const all = await count(connection, 'SELECT count(*) FROM portion')
      const future = await futureRows(connection, names.join(', '), isFuture)
      await connection.run(`CREATE OR REPLACE TABLE fresh AS
        SELECT * FROM (SELECT min(rowid) AS place, millrace_h1 AS h1, millrace_h2 AS h2 FROM portion GROUP BY ALL)
        ANTI JOIN seen USING (h1, h2)`)
      await connection.run('INSERT INTO seen SELECT h1, h2 FROM fresh')
      const rows = await count(connection, 'SELECT count(*) FROM fresh')
      const left = all - BigInt(future.length)
      const query = `SELECT ${names.join(', ')} FROM portion${rows === left ? '' : ' WHERE rowid IN (SELECT place FROM fresh)'}`
      return { rows: Number(rows), duplicates: Number(left - rows), future, query }
    },
  }
}

async function futureRows(connection: DuckDBConnection, names: string, isFuture: string): Promise<string[]> {
  if (isFuture === 'false') return []
  const reader = await connection.runAndReadAll(
    `SELECT to_json(row) FROM (SELECT ${names} FROM portion WHERE ${isFuture}) AS row`,
  )
  const rows = reader.getRows().map(([json]) => String(json))
  if (rows.length > 0) await connection.run(`DELETE FROM portion WHERE ${isFuture}`)
  return rows
}

/** Lets the sieve know the rows that these files of the table hold. */
export async function rememberRows(
  dataset: Dataset,
  connection: DuckDBConnection,
  snapshot: Snapshot,
  files: ReturnType<typeof planScan>['files'],
): Promise<void> {
  if (files.length === 0) return
  const names = dataset.schema.fields.map(({ name }) => quoteName(name))
  await withScan({ ...planScan(snapshot), files }, connection, (rows) =>
    connection.run(
      `INSERT INTO seen SELECT hash(${names.join(', ')}), hash(${names.toReversed().join(', ')}) FROM (${rows})`,
    ),
  )
}

async function count(connection: DuckDBConnection, query: string): Promise<bigint> {
  const reader = await connection.runAndReadAll(query)
  return reader.getRows()[0]?.[0] as bigint
}
