import { MillraceError } from '@millrace/base'
import { unsuited } from './postgres-error.ts'
import { quoteName, quoteText, type Server } from './server.ts'
import type { ShapedColumn } from './shape.ts'

export interface TableColumn extends ShapedColumn {
  /** The type as SQL. */
  readonly sqlType: string
  readonly isInteger: boolean
}

export interface Table {
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
    `SELECT c.oid, c.relkind, c.relreplident, a.attname, a.atttypid, format_type(a.atttypid, a.atttypmod), a.attnum, c.relpersistence,
       a.atttypmod, a.atthasdef OR a.atthasmissing OR a.attidentity <> '' OR t.typtype = 'd'
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       JOIN pg_type t ON t.oid = a.atttypid
     WHERE n.nspname = ${quoteText(schema)} AND c.relname = ${quoteText(name)} ORDER BY a.attnum`,
  )
  const [oid, kind, identity, , , , , persistence] = rows[0] ?? []
  if (oid === undefined || (kind !== 'r' && kind !== 'p')) {
    throw new MillraceError('TOPIC_MISSING', `there is no table ${topic} that this user may read`, {
      next: 'A topic is called schema.table; views and foreign tables have no log.',
    })
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
  const columns = rows.map(([, , , column, type, sqlType, number, , modifier, isFilled]) => ({
    ...{ name: column ?? '', type: Number(type), sqlType: sqlType ?? '', number: Number(number) },
    ...{ modifier: Number(modifier), isFilled: isFilled === 't' },
    isInteger: INTEGERS.includes(Number(type)),
  }))
  const key = (await keyOf(server, oid ?? '', identity === 'i')).flatMap((number) =>
    columns.filter((column) => column.number === number),
  )
  if (key.length === 0) {
    throw unsuited(`table ${topic} has no primary key`, 'Give it one: rows are found by it.')
  }
  return { oid: Number(oid), schema, name, isPartitioned: kind === 'p', columns, key }
}

/** Returns the numbers of the key's columns: of the primary key, or of the index that the table is replicated by. */
async function keyOf(server: Server, oid: string, isByIndex: boolean): Promise<number[]> {
  const rows = await server.rows(
    `SELECT k.number FROM pg_index i, unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k (number, place)
     WHERE i.indrelid = ${oid} AND ${isByIndex ? 'i.indisreplident' : 'i.indisprimary'} ORDER BY k.place`,
  )
  return rows.map(([number]) => Number(number))
}
