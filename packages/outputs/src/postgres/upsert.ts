import type { StructField } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import { type Dataset, DELETED, type Keyed, TRUNCATED } from '@millrace/transform'
import type { Session } from './session.ts'
import { inSchema, type TableName, tableOf } from './table.ts'
import { postgresType } from './types.ts'

/** How a batch changes the table of a keyed data set, in the transaction that moves its progress. */
export interface Upsert {
  /** Makes the table of the deleted keys. */
  make(): Promise<void>
  /** Applies the changes in a CSV file, which has these columns. Returns by how many rows the table has grown. */
  apply(file: string, columns: readonly StructField[]): Promise<number>
}

const CHANGES = 'millrace_changes'

/** Deleted keys older than their time are forgotten at most once in this many batches. */
const FORGET_EVERY = 100

export function upsertInto(session: Session, at: TableName, dataset: Dataset, keyed: Keyed): Upsert {
  const table = inSchema(at, at.table)
  const deleted = { ...at, table: `${at.table}_tombstones` }
  const tombstones = inSchema(at, deleted.table)
  const { key, sequenceBy } = keyed
  const compared = dataset.schema.fields.filter(({ name }) => [...key, ...sequenceBy].includes(name))
  // Whether something can be older than a delete, and come after it.
  const remembers = sequenceBy.length > 0
  let batches = 0
  const count = async (statement: string) => (await session.query(statement)).rowCount ?? 0
  return {
    async make() {
      if (!remembers) return
      const columns = compared.map(({ name, type }) => `${quoteName(name)} ${postgresType(type)}`)
      const since = 'millrace_deleted_at timestamp with time zone NOT NULL DEFAULT now()'
      // No primary key: what is remembered of all keys has none.
      await tableOf(session, deleted, [...columns, since, `UNIQUE (${key.map(quoteName).join(', ')})`])
    },
    async apply(file, columns) {
      const sql = statements(columns, keyed, table, tombstones)
      await session.query(
        `CREATE TEMP TABLE ${CHANGES} ON COMMIT DROP AS SELECT *, false AS ${DELETED}, false AS ${TRUNCATED} FROM ${table} WHERE false`,
      )
      await session.copy(`${CHANGES} (${sql.columns}, ${DELETED}, ${TRUNCATED})`, file)
      // Without it the planner takes the table for one of a thousand rows.
      await session.query(`ANALYZE ${CHANGES}`)
      const { rows } = await session.query(
        `SELECT bool_or(${DELETED}) AS deletes, bool_or(${TRUNCATED}) AS truncates FROM ${CHANGES}`,
      )
      let gone = 0
      if (rows[0]?.deletes === true) {
        gone = await count(sql.delete)
        if (rows[0].truncates === true) gone += await count(sql.truncate)
        if (remembers) await count(sql.remember)
      }
      const { rows: changed } = await session.query(remembers ? sql.upsertUnlessDeleted : sql.upsert)
      if (remembers && batches++ % FORGET_EVERY === 0) {
        await session.query(`DELETE FROM ${tombstones} WHERE millrace_deleted_at < now() - make_interval(secs => $1)`, [
          keyed.tombstoneRetentionMs / 1000,
        ])
      }
      return Number(changed[0]?.added) - gone
    },
  }
}

function statements(
  fields: readonly StructField[],
  { key, sequenceBy, ignoreEqual }: Keyed,
  table: string,
  tombstones: string,
) {
  const columns = fields.map(({ name }) => quoteName(name)).join(', ')
  const keys = key.map(quoteName).join(', ')
  const texts = new Set(fields.filter(({ type }) => type === 'string').map(({ name }) => name))
  // Compared by bytes, as everywhere else, whatever the language of the database.
  const sequence = (of: string) =>
    `(${sequenceBy.map((name) => `${of}.${quoteName(name)}${texts.has(name) ? ' COLLATE "C"' : ''}`).join(', ')})`
  const sameKey = (of: string) =>
    key.map((name) => `${of}.${quoteName(name)} = change.${quoteName(name)}`).join(' AND ')
  const notOlder = (of: string, change: string) =>
    sequenceBy.length === 0 ? 'true' : `${sequence(of)} <= ${sequence(change)}`
  // A change that deletes all rows and has no sequence says nothing of what is older.
  const remembered = sequenceBy.map((name) => `${quoteName(name)} IS NOT NULL`).join(' AND ') || 'false'
  const others = fields.filter(({ name }) => !key.includes(name)).map(({ name }) => quoteName(name))
  const rest = fields.filter(({ name }) => ![...key, ...sequenceBy].includes(name)).map(({ name }) => quoteName(name))
  const row = (of: string) => `(${rest.map((name) => `${of}.${name}`).join(', ')})`
  const differs = ignoreEqual && rest.length > 0 ? `${row('kept')} IS DISTINCT FROM ${row('excluded')}` : 'true'
  const set = (names: readonly string[]) => names.map((name) => `${name} = excluded.${name}`).join(', ')
  const conflict =
    others.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${set(others)} WHERE ${notOlder('kept', 'excluded')} AND ${differs}`
  // A row that is new has no transaction that ended it.
  const upsert = (unless: string) => `WITH changed AS (
      INSERT INTO ${table} AS kept (${columns}) SELECT ${columns} FROM ${CHANGES} AS change
      WHERE NOT change.${DELETED} ${unless}
      ON CONFLICT (${keys}) ${conflict} RETURNING kept.xmax = 0 AS added)
    SELECT count(*) FILTER (WHERE added) AS added FROM changed`
  const comparedColumns = [...key, ...sequenceBy].map(quoteName).join(', ')
  return {
    columns,
    delete: `DELETE FROM ${table} AS kept USING ${CHANGES} AS change
      WHERE change.${DELETED} AND ${sameKey('kept')} AND ${notOlder('kept', 'change')}`,
    truncate: `DELETE FROM ${table} AS kept USING ${CHANGES} AS change WHERE change.${TRUNCATED}
      AND ${sequenceBy.length === 0 ? 'true' : `(${sequence('kept')} <= ${sequence('change')}) IS NOT FALSE`}`,
    remember: `INSERT INTO ${tombstones} AS kept (${comparedColumns}) SELECT ${comparedColumns} FROM ${CHANGES}
      WHERE ${DELETED} AND ${remembered} ON CONFLICT (${keys}) DO UPDATE
      SET ${set(sequenceBy.map(quoteName))}, millrace_deleted_at = now() WHERE ${notOlder('kept', 'excluded')}`,
    upsert: upsert(''),
    upsertUnlessDeleted: upsert(`AND NOT EXISTS (SELECT FROM ${tombstones} AS gone
      WHERE ${sameKey('gone')} AND NOT ${notOlder('gone', 'change')}) AND NOT EXISTS (SELECT FROM ${tombstones} AS gone
      WHERE ${key.map((name) => `gone.${quoteName(name)} IS NULL`).join(' AND ')} AND NOT ${notOlder('gone', 'change')})`),
  }
}
