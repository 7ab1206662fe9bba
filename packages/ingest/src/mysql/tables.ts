import { MillraceError } from '@millrace/base'
import type { Database } from './database.ts'

/** Description of a table to read. */
export interface Table {
  readonly dataset: string
  /** Quoted name. */
  readonly name: string
  readonly key: Key | undefined
}

/** Unique column with an index. */
export interface Key {
  readonly column: string
  readonly quoted: string
}

export async function describeTable(database: Database, dataset: string, table: string): Promise<Table> {
  const column = await uniqueColumn(database, table)
  return { dataset, name: quoted(table), key: column === undefined ? undefined : { column, quoted: quoted(column) } }
}

/** Returns a unique, indexed column. Floating-point columns do not compare equal after a round trip, so they don't count. */
async function uniqueColumn(database: Database, table: string): Promise<string | undefined> {
  const { rows } = await database.read(
    `SELECT MIN(s.column_name) AS name
     FROM information_schema.statistics s
     JOIN information_schema.columns c USING (table_schema, table_name, column_name)
     WHERE table_schema = DATABASE() AND table_name = ? AND c.data_type NOT IN ('float', 'double')
     GROUP BY s.index_name
     HAVING COUNT(*) = 1 AND MAX(s.non_unique) = 0 AND MAX(s.nullable) = '' AND MAX(s.sub_part) IS NULL
     ORDER BY s.index_name = 'PRIMARY' DESC, s.index_name
     LIMIT 1`,
    [table],
  )
  return rows[0]?.name as string | undefined
}

export async function countRows(database: Database, { name }: Table): Promise<number> {
  const { rows } = await database.read(`SELECT COUNT(*) AS count FROM ${name}`)
  const count = Number(rows[0]?.count)
  if (count > 0) return count
  throw new MillraceError('SOURCE_ADDRESS', `the table ${name} is empty`, { next: 'Fill it, or name another.' })
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
