import type { Message } from '../tables/messages.ts'
import { envelope } from './envelope.ts'
import { isBefore, type LogPlace } from './position.ts'
import { type Change, splitChange } from './replication/changes.ts'
import type { Relation, Tuple } from './replication/pgoutput.ts'
import { unsuited } from './server/postgres-error.ts'
import { quoteName, type Server } from './server/server.ts'
import { describeTable, quoteTable, type Table } from './table/table.ts'
import type { Types } from './table/types.ts'

/** A message and its place. */
export interface PlacedMessage extends Message {
  readonly at: LogPlace
}

/** Makes messages of changes, without those that come before a place. */
export async function messagesOf(
  changes: readonly Change[],
  from: LogPlace,
  { server, types, database, table }: { server: Server; types: Types; database: string; table: Table },
): Promise<PlacedMessage[]> {
  const relations = new Set(changes.map(({ relation }) => relation))
  await types.learn([...relations].flatMap(({ columns }) => columns.map(({ type }) => type)))
  const keys = new Map<Relation, readonly number[]>()
  for (const relation of relations) keys.set(relation, await keyIn(relation, table, server))
  const parts = changes.flatMap((change) => {
    const key = keys.get(change.relation) ?? []
    return splitChange(change, key).map((part, i) => {
      return { ...change, ...part, keyAt: key, at: { ...change.at, next: change.at.next + BigInt(i) } }
    })
  })
  const rows = await wholeRows(parts, server, table)
  return parts
    .map(({ relation, op, before, after, at, lsn, xid, time, keyAt }, i) => {
      const values = rows.get(i) ?? after
      const { schema, name, columns } = relation
      const member = (row: Tuple, at: number) => {
        const { name: column = '', type = 0 } = columns[at] ?? {}
        const value = row[at]
        return `${JSON.stringify(column)}:${value == null ? 'null' : types.of(type)(value)}`
      }
      const object = (row: Tuple, places: readonly number[]) => `{${places.map((at) => member(row, at)).join(',')}}`
      const all = columns.map((_, i) => i)
      const old = before ? object(before.values, before.isKeyOnly ? keyAt : all) : 'null'
      const row = values ?? before?.values
      const origin = { database, schema, table: name, lsn, xid, isSnapshot: false, time }
      return {
        key: row && object(row, keyAt),
        value: envelope(op, old, values ? object(values, all) : 'null', origin),
        ...{ at, time },
      }
    })
    .filter(({ at }) => !isBefore(at, from))
}

/** Returns the places of the key's columns. A table that is logged whole says nothing of its key. */
async function keyIn(relation: Relation, table: Table, server: Server): Promise<readonly number[]> {
  const { columns, schema, name } = relation
  if (relation.identity !== 'f') return columns.flatMap(({ isKey }, i) => (isKey ? [i] : []))
  const placesOf = ({ key }: Table) => key.map((column) => columns.findIndex((each) => each.name === column.name))
  const known = placesOf(table)
  if (!known.includes(-1)) return known
  const now = placesOf(await describeTable(server, table.schema, table.name))
  if (!now.includes(-1)) return now
  throw unsuited(`the key of table ${schema}.${name} was altered`, 'Read the table anew with a new group.')
}

type Part = Change & { readonly keyAt: readonly number[] }

/**
 * Completes rows with a large value that the change left alone, which the log does not have unless the table has REPLICA
 * IDENTITY FULL: it is read from the table. It may be newer there; then the change that made it so comes later.
 */
async function wholeRows(parts: readonly Part[], server: Server, known: Table): Promise<Map<number, Tuple>> {
  const lacking = [...parts.entries()].filter(([, { after }]) => after?.includes(undefined))
  const rows = new Map<number, Tuple>()
  if (lacking.length === 0) return rows
  const table = await describeTable(server, known.schema, known.name)
  for (const [index, { relation, after = [], keyAt }] of lacking) {
    const missing = [...after.keys()].filter((i) => after[i] === undefined)
    const there = missing.filter((i) => table.columns.some(({ name }) => name === relation.columns[i]?.name))
    const found = await readColumns(server, table, relation, after, keyAt, there)
    rows.set(
      index,
      after.map((value, i) => (value === undefined ? (found?.[there.indexOf(i)] ?? null) : value)),
    )
  }
  return rows
}

async function readColumns(
  server: Server,
  table: Table,
  { columns }: Relation,
  row: Tuple,
  keyAt: readonly number[],
  wanted: readonly number[],
): Promise<readonly (string | null)[] | undefined> {
  const key = keyAt.map((i) => table.columns.find(({ name }) => name === columns[i]?.name))
  if (wanted.length === 0 || key.includes(undefined)) return undefined
  const names = wanted.map((i) => quoteName(columns[i]?.name ?? ''))
  const where = key.map((column, i) => `${quoteName(column?.name ?? '')} = $${i + 1}::${column?.sqlType}`)
  const [found] = await server.rows(
    `SELECT ${names.join(', ')} FROM ${quoteTable(table)} WHERE ${where.join(' AND ')}`,
    keyAt.map((i) => row[i]),
  )
  return found
}
