import { MillraceError } from '@millrace/base'
import { madeAnew, missing, unsuited } from '../server/postgres-error.ts'
import { quoteName, quoteText, type Server } from '../server/server.ts'
import type { Shaped, ShapedColumn } from './shape.ts'

export interface TableColumn extends ShapedColumn {
  /** The type as SQL. */
  readonly sqlType: string
  readonly isInteger: boolean
}

export interface Table extends Shaped {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly isPartitioned: boolean
  readonly columns: readonly TableColumn[]
  /** The columns by which a row is found, in their order. */
  readonly key: readonly TableColumn[]
}

export const quoteTable = ({ schema, name }: Pick<Table, 'schema' | 'name'>) =>
  `${quoteName(schema)}.${quoteName(name)}`

const INTEGERS: readonly number[] = [20, 21, 23]

/** Returns the table as it is now. Fails for one that does not exist, or whose rows can't be found by a key. */
export async function describeTable(server: Server, schema: string, name: string): Promise<Table> {
  const topic = `${schema}.${name}`
  const rows = await server.rows(
    `WITH found AS MATERIALIZED (
       SELECT c.oid, c.relkind, c.relreplident, c.relpersistence FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = ${quoteText(schema)} AND c.relname = ${quoteText(name)}),
     parts AS MATERIALIZED (SELECT oid FROM found UNION SELECT p.relid FROM found, pg_partition_tree(found.oid) p),
     late AS (SELECT a.attname FROM parts JOIN pg_attribute a ON a.attrelid = parts.oid AND a.atthasmissing)
     SELECT f.oid, f.relkind, f.relreplident, f.relpersistence,
       (SELECT md5(string_agg(c.relfilenode::text, ',' ORDER BY c.oid)) FROM parts JOIN pg_class c USING (oid)),
       a.attname, a.atttypid, format_type(a.atttypid, a.atttypmod), a.attnum, a.atttypmod, a.xmin,
       a.atthasdef OR a.attnotnull OR a.attidentity <> '' OR t.typtype = 'd' OR a.attname IN (SELECT attname FROM late)
     FROM found f JOIN pg_attribute a ON a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       JOIN pg_type t ON t.oid = a.atttypid ORDER BY a.attnum`,
  )
  const [oid, kind, identity, persistence, files] = rows[0] ?? []
  if (oid === undefined || (kind !== 'r' && kind !== 'p')) {
    throw missing(topic)
  }
  if (persistence !== 'p') {
    throw unsuited(`table ${topic} is not in the log`, `ALTER TABLE ${topic} SET LOGGED.`)
  }
  if (identity === 'n') {
    throw unsuited(
      `table ${topic} has REPLICA IDENTITY NOTHING: its log does not say which row a change is of`,
      `ALTER TABLE ${topic} REPLICA IDENTITY DEFAULT.`,
    )
  }
  const columns = rows.map(([, , , , , column, type, sqlType, number, modifier, definition, isFilled]) => ({
    ...{ name: column ?? '', type: Number(type), sqlType: sqlType ?? '', number: Number(number) },
    ...{ modifier: Number(modifier), definition: definition ?? '', isFilled: isFilled === 't' },
    isInteger: INTEGERS.includes(Number(type)),
  }))
  const key = (await keyOf(server, oid ?? '', identity === 'i')).flatMap((number) =>
    columns.filter((column) => column.number === number),
  )
  if (key.length === 0) {
    throw unsuited(`table ${topic} has no primary key`, 'Give it one: rows are found by it.')
  }
  return { oid: Number(oid), schema, name, isPartitioned: kind === 'p', columns, key, files: files ?? '' }
}

/** Returns a known table as it is now; undefined where it is gone: its log may go on even so. */
export async function tableNow(
  server: Server,
  { oid, schema, name }: Pick<Table, 'oid' | 'schema' | 'name'>,
): Promise<Table | undefined> {
  const now = await describeTable(server, schema, name).catch((error: unknown) => {
    if (error instanceof MillraceError && error.code === 'TOPIC_MISSING') return undefined
    throw error
  })
  if (now && now.oid !== oid) throw madeAnew(`${schema}.${name}`)
  return now
}

/** Returns the numbers of the key's columns: of the primary key, or of the index that the table is replicated by. */
async function keyOf(server: Server, oid: string, isByIndex: boolean): Promise<number[]> {
  const rows = await server.rows(
    `SELECT k.number FROM pg_index i, unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k (number, place)
     WHERE i.indrelid = ${oid} AND ${isByIndex ? 'i.indisreplident' : 'i.indisprimary'} ORDER BY k.place`,
  )
  return rows.map(([number]) => Number(number))
}
