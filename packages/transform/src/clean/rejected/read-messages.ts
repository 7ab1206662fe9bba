import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName, quoteText } from '@millrace/engine'
import { MOST_RECORDS_A_MESSAGE, recordText } from '@millrace/formats'
import type { Dataset } from '../../dataset/dataset.ts'
import { fieldSql, sqlType } from '../../dataset/fields.ts'
import { type Selection, valueIn } from '../files/selection.ts'
import { knownNames, readTypes } from '../sql/queries.ts'
import { isOwnMember, MOST_UNKNOWN_NAMES } from '../unknown-fields.ts'

/** A record by its index in a selection, and why it is rejected. */
export interface RejectedAt {
  readonly at: number
  readonly reason: string
}

export async function createMessageTables(dataset: Dataset, connection: DuckDBConnection): Promise<void> {
  const columns = dataset.fields.map(({ name, type }) => `${quoteName(name)} ${sqlType(type)}`)
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE messages (millrace_at INTEGER, value VARCHAR);
    CREATE OR REPLACE TEMP TABLE read_messages (millrace_at INTEGER, millrace_reason VARCHAR, ${columns.join(', ')})`)
}

/**
 * Reads the records each by itself, into the table `read_messages`: the fields of the good ones, typed. Returns those
 * that are rejected, in any order. Records are known by their index in the selection plus `base`.
 */
export async function readMessages(
  dataset: Dataset,
  connection: DuckDBConnection,
  records: Selection,
  base: number,
): Promise<RejectedAt[]> {
  await connection.run('TRUNCATE messages; TRUNCATE read_messages')
  const unreadable = await appendMessages(connection, records, base)
  await connection.run(`INSERT INTO read_messages BY NAME ${fieldsOrReasons(dataset)}`)
  const reader = await connection.runAndReadAll(
    'SELECT millrace_at, millrace_reason FROM read_messages WHERE millrace_reason IS NOT NULL',
  )
  return [...unreadable, ...reader.getRows().map(([at, reason]) => ({ at: Number(at), reason: String(reason) }))]
}

async function appendMessages(connection: DuckDBConnection, records: Selection, base: number): Promise<RejectedAt[]> {
  const unreadable: RejectedAt[] = []
  const appender = await connection.createAppender('messages')
  for (let i = 0; i < records.length; i++) {
    const message = recordText(valueIn(records, i))
    if ('reason' in message) {
      unreadable.push({ at: base + i, reason: message.reason })
      continue
    }
    appender.appendInteger(base + i)
    appender.appendVarchar(message.text)
    appender.endRow()
  }
  appender.closeSync()
  return unreadable
}

/** Returns a SELECT of every message's fields and, where it is rejected, the reason. */
function fieldsOrReasons(dataset: Dataset): string {
  const names = knownNames(dataset)
  const fields = dataset.fields.map(fieldSql)
  const known = names.map(quoteText).join(', ')
  const reasons = [
    `WHEN kind IS NULL THEN 'not JSON'`,
    `WHEN kind = 'ARRAY' THEN 'a list, and not of 1 to ${MOST_RECORDS_A_MESSAGE} objects alone'`,
    `WHEN kind <> 'OBJECT' THEN 'not an object'`,
    `WHEN twice IS NOT NULL THEN 'field ' || twice || ' comes twice'`,
    ...fields.flatMap(({ faults }) => faults.map(({ reason, when }) => `WHEN ${when} THEN ${quoteText(reason)}`)),
  ]
  const shape = JSON.stringify(Object.fromEntries(readTypes(dataset)))
  return `
    WITH kinds AS (
      SELECT millrace_at, value, CASE WHEN json_valid(value) THEN json_type(value) END AS kind FROM messages
    ), read AS (
      SELECT millrace_at, kind,
        CASE WHEN kind = 'OBJECT' THEN list_filter(json_keys(value), lambda key: key IN (${known})) END AS keys,
        unnest(CASE WHEN kind = 'OBJECT' THEN from_json(value, ${quoteText(shape)}) END)
      FROM kinds
    ), counted AS (
      SELECT *, CASE WHEN len(keys) > len(list_distinct(keys)) THEN
        list_filter(keys, lambda key, i: list_position(keys, key) < i)[1] END AS twice
      FROM read
    )
    SELECT millrace_at, CASE ${reasons.join(' ')} END AS millrace_reason,
      ${fields.map(({ name, value }) => `${value} AS ${quoteName(name)}`).join(', ')}
    FROM counted`
}

/** Counts in how many messages there are fields that the data set does not know, the most frequent first. */
export async function countUnknownFields(dataset: Dataset, connection: DuckDBConnection): Promise<[string, number][]> {
  const fields = knownNames(dataset).map(quoteText)
  const reader = await connection.runAndReadAll(`
    SELECT name, count(*) AS records FROM (
      SELECT unnest(list_distinct(json_keys(value))) AS name FROM messages WHERE json_valid(value)
    ) WHERE name NOT IN (${fields.join(', ')}) GROUP BY name ORDER BY records DESC, name LIMIT ${MOST_UNKNOWN_NAMES}`)
  const counts = reader.getRows().map(([name, records]) => [String(name), Number(records)] as [string, number])
  return counts.filter(([name]) => !isOwnMember(dataset, name))
}
