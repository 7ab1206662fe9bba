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
/** How many rows each pipeline has written; `verify` compares. */
export const WRITTEN = 'millrace_written'

/** Returns a table's name in SQL. */
export function inSchema({ schema }: TableName, table: string): string {
  return `${quoteName(schema)}.${quoteName(table)}`
}

/**
 * Makes the table, the columns that it lacks, and the tables of the progress beside it; with a key, one row for each.
 * Refuses columns of other types. Returns the columns that nobody fills: the database has no value of its own for them.
 */
export async function makeTable(
  session: Session,
  at: TableName,
  fields: readonly StructField[],
  key: readonly string[] = [],
): Promise<string[]> {
  const wanted = fields.map(({ name, type }) => `${quoteName(name)} ${postgresType(type)}`)
  if (key.length > 0) wanted.push(`PRIMARY KEY (${key.map(quoteName).join(', ')})`)
  const columns = await tableOf(session, at, wanted)
  await tableOf(session, { ...at, table: PROGRESS }, [
    'pipeline text, table_name text, topic text, partition text, identity text NOT NULL, position text NOT NULL',
    'messages bigint NOT NULL, begun text NOT NULL, PRIMARY KEY (pipeline, table_name, topic, partition)',
  ])
  await tableOf(session, { ...at, table: WRITTEN }, [
    'pipeline text, table_name text, rows bigint NOT NULL, PRIMARY KEY (pipeline, table_name)',
  ])
  await addLacking(session, at, fields, columns)
  if (key.length > 0) await refuseWithoutKey(session, at, key)
  return [...columns.values()].filter(({ hasOwnValue }) => !hasOwnValue).map(({ name }) => name)
}

/** Adds the columns that the table lacks. Refuses columns of other types. */
export async function addColumns(session: Session, at: TableName, fields: readonly StructField[]): Promise<void> {
  await addLacking(session, at, fields, await columnsOf(session, at))
}

async function addLacking(
  session: Session,
  at: TableName,
  fields: readonly StructField[],
  columns: ReadonlyMap<string, Column>,
): Promise<void> {
  for (const { name, type } of fields) {
    const [goal, is] = [postgresType(type), columns.get(name)?.type]
    if (is === undefined) {
      await session.query(`ALTER TABLE ${inSchema(at, at.table)} ADD COLUMN IF NOT EXISTS ${quoteName(name)} ${goal}`)
    } else if (is !== goal) {
      throw new MillraceError('TABLE_SCHEMA', `${at.schema}.${at.table}: column ${name} is ${is}, and would be ${goal}`)
    }
  }
}

/**
 * Returns the columns of a table, and creates it if it does not exist: a user without the right to create tables can
 * still fill existing ones. If two workers create it at once, one of them fails and uses the other one's table.
 */
export async function tableOf(
  session: Session,
  at: TableName,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, Column>> {
  const found = await columnsOf(session, at)
  if (found.size > 0) return found
  try {
    // Whoever may not make a schema is refused even where it is there.
    const { rows } = await session.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [at.schema])
    if (rows.length === 0) await session.query(`CREATE SCHEMA IF NOT EXISTS ${quoteName(at.schema)}`)
    await session.query(`CREATE TABLE IF NOT EXISTS ${inSchema(at, at.table)} (${wanted.join(', ')})`)
  } catch (error) {
    if (!(error instanceof MillraceError) || !UNIQUE.has(codeOf(error))) throw error
  }
  return tableOf(session, at, wanted)
}

/** What the server says to the slower one of two that make the same thing. */
const UNIQUE = new Set(['23505', '42710', '42P06', '42P07'])

function codeOf({ cause }: MillraceError): string {
  return (cause as { readonly code?: string } | undefined)?.code ?? ''
}

/** Without a unique index on just these columns the server can't tell which row a change is of. */
async function refuseWithoutKey(session: Session, at: TableName, key: readonly string[]): Promise<void> {
  const { rows } = await session.query(
    `SELECT 1 FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indimmediate
       AND i.indpred IS NULL AND i.indexprs IS NULL
       AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
            WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[:i.indnkeyatts - 1])) = $2::text[]`,
    [inSchema(at, at.table), key.toSorted()],
  )
  if (rows.length > 0) return
  throw new MillraceError(
    'TABLE_SCHEMA',
    `${at.schema}.${at.table} has no primary key or unique index on ${key.join(', ')}, the key of the data set`,
    { next: 'Add one, or write to a table that does not exist yet: it is made with its key.' },
  )
}

interface Column {
  readonly name: string
  readonly type: string
  /** Whether the database fills it: a default, an identity or a generated column. */
  readonly hasOwnValue: boolean
}

async function columnsOf(session: Session, { schema, table }: TableName): Promise<ReadonlyMap<string, Column>> {
  const { rows } = await session.query(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.atthasdef OR a.attidentity <> '' AS own
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped`,
    [schema, table],
  )
  return new Map(
    rows.map(({ name, type, own }) => [String(name), { name, type, hasOwnValue: own === true } satisfies Column]),
  )
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
