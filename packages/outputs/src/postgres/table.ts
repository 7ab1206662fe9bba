import { MillraceError } from '@millrace/base'
import type { StructField } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import type { Session } from './session.ts'
import { postgresType } from './types.ts'

/** A table of the data set, in a schema. */
export interface TableName {
  readonly schema: string
  readonly table: string
}

export const PROGRESS = 'millrace_progress'

/** Returns a table's name in SQL. */
export function inSchema({ schema }: TableName, table: string): string {
  return `${quoteName(schema)}.${quoteName(table)}`
}

/** Makes the table, the columns that it lacks, and the table of the progress beside it. Refuses columns of other types. */
export async function makeTable(session: Session, at: TableName, fields: readonly StructField[]): Promise<void> {
  const found = await columnsOf(session, at)
  if (found.size === 0) await create(session, at, fields)
  const columns = found.size === 0 ? await columnsOf(session, at) : found
  for (const { name, type } of fields) {
    const [wanted, is] = [postgresType(type), columns.get(name)]
    if (is === undefined) {
      await session.query(`ALTER TABLE ${inSchema(at, at.table)} ADD COLUMN IF NOT EXISTS ${quoteName(name)} ${wanted}`)
    } else if (is !== wanted) {
      throw new MillraceError(
        'TABLE_SCHEMA',
        `${at.schema}.${at.table}: column ${name} is ${is}, and would be ${wanted}`,
      )
    }
  }
}

/** Two workers may do so at once: the server lets one of them fail, which finds the other one's table. */
async function create(session: Session, at: TableName, fields: readonly StructField[]): Promise<void> {
  const columns = fields.map(({ name, type }) => `${quoteName(name)} ${postgresType(type)}`)
  try {
    await session.query(`CREATE SCHEMA IF NOT EXISTS ${quoteName(at.schema)}`)
    await session.query(`CREATE TABLE IF NOT EXISTS ${inSchema(at, at.table)} (${columns.join(', ')})`)
    await session.query(`CREATE TABLE IF NOT EXISTS ${inSchema(at, PROGRESS)} (
      pipeline text, table_name text, topic text, partition text, identity text NOT NULL, position text NOT NULL,
      PRIMARY KEY (pipeline, table_name, topic, partition))`)
  } catch (error) {
    if (!(error instanceof MillraceError) || !UNIQUE.has(codeOf(error))) throw error
    await create(session, at, fields)
  }
}

/** What the server says to the slower one of two that make the same thing. */
const UNIQUE = new Set(['23505', '42P06', '42P07'])

function codeOf({ cause }: MillraceError): string {
  return (cause as { readonly code?: string } | undefined)?.code ?? ''
}

async function columnsOf(session: Session, { schema, table }: TableName): Promise<ReadonlyMap<string, string>> {
  const { rows } = await session.query(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped`,
    [schema, table],
  )
  return new Map(rows.map(({ name, type }) => [String(name), String(type)]))
}

/** Counting is for small tables; of a large one the server keeps an estimate. */
const COUNTED = 100_000

export async function sizeOf(session: Session, at: TableName): Promise<{ rows: number; bytes: number }> {
  const name = inSchema(at, at.table)
  const { rows } = await session.query(
    'SELECT reltuples::bigint AS rows, pg_total_relation_size(oid) AS bytes FROM pg_class WHERE oid = $1::regclass',
    [name],
  )
  const [estimate, bytes] = [Number(rows[0]?.rows), Number(rows[0]?.bytes)]
  if (estimate > COUNTED) return { rows: estimate, bytes }
  const counted = await session.query(`SELECT count(*) AS rows FROM ${name}`)
  return { rows: Number(counted.rows[0]?.rows), bytes }
}
