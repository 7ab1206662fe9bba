import type { DuckDBConnection } from '@duckdb/node-api'
import { type JoinedValues, valueAt } from '@millrace/base'
import { quoteName, quoteText } from '@millrace/lake'
import type { Dataset } from './dataset.ts'
import { fieldSql, SQL_TYPES } from './fields.ts'
import { knownNames } from './queries.ts'
import { MOST_UNKNOWN_NAMES, type UnknownFields } from './unknown-fields.ts'
import { messageText } from './values.ts'

export interface Refused {
  readonly index: number
  readonly reason: string
}

/** Reads the records of a block each by itself, into the table `judged`: the fields of the good ones, typed. */
export interface Judge {
  /** Empties the table before it fills it. The records that are bad, in any order. */
  judge(values: JoinedValues): Promise<Refused[]>
  unknown(): UnknownFields
}

export async function createJudge(dataset: Dataset, connection: DuckDBConnection): Promise<Judge> {
  const columns = dataset.fields.map(({ name, type }) => `${quoteName(name)} ${SQL_TYPES[type]}`)
  await connection.run(`
    CREATE TEMP TABLE messages (millrace_at INTEGER, value VARCHAR);
    CREATE TEMP TABLE judged (millrace_at INTEGER, millrace_reason VARCHAR, ${columns.join(', ')})`)
  const names = new Map<string, number>()
  let looked = 0
  return {
    async judge(values) {
      await connection.run('TRUNCATE messages; TRUNCATE judged')
      const unreadable = await appendMessages(connection, values)
      await connection.run(`INSERT INTO judged BY NAME ${judgement(dataset)}`)
      looked += values.count - unreadable.length
      for (const [name, count] of await unknownFields(dataset, connection)) {
        if (names.has(name) || names.size < MOST_UNKNOWN_NAMES) names.set(name, (names.get(name) ?? 0) + count)
      }
      return [...unreadable, ...(await refused(connection))]
    },
    unknown: () => ({ looked, names }),
  }
}

async function appendMessages(connection: DuckDBConnection, values: JoinedValues): Promise<Refused[]> {
  const unreadable: Refused[] = []
  const appender = await connection.createAppender('messages')
  for (let index = 0; index < values.count; index++) {
    const message = messageText(valueAt(values, index))
    if ('reason' in message) {
      unreadable.push({ index, reason: message.reason })
      continue
    }
    appender.appendInteger(index)
    appender.appendVarchar(message.text)
    appender.endRow()
  }
  appender.closeSync()
  return unreadable
}

/** Every message with the reason against it, if any, and its fields. */
function judgement(dataset: Dataset): string {
  const names = knownNames(dataset)
  const fields = dataset.fields.map(fieldSql)
  const known = names.map(quoteText).join(', ')
  const reasons = [
    `WHEN kind IS NULL THEN 'not JSON'`,
    `WHEN kind <> 'OBJECT' THEN 'not an object'`,
    `WHEN twice IS NOT NULL THEN 'field ' || twice || ' comes twice'`,
    ...fields.flatMap(({ faults }) => faults.map(({ reason, when }) => `WHEN ${when} THEN ${quoteText(reason)}`)),
  ]
  const shape = JSON.stringify(Object.fromEntries(names.map((name) => [name, 'VARCHAR'])))
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

async function refused(connection: DuckDBConnection): Promise<Refused[]> {
  const reader = await connection.runAndReadAll(
    'SELECT millrace_at, millrace_reason FROM judged WHERE millrace_reason IS NOT NULL',
  )
  return reader.getRows().map(([at, reason]) => ({ index: Number(at), reason: String(reason) }))
}

async function unknownFields(dataset: Dataset, connection: DuckDBConnection): Promise<[string, number][]> {
  const known = knownNames(dataset).map(quoteText)
  const reader = await connection.runAndReadAll(`
    SELECT name, count(*) AS records FROM (
      SELECT unnest(list_distinct(json_keys(value))) AS name FROM messages WHERE json_valid(value)
    ) WHERE name NOT IN (${known.join(', ')}) GROUP BY name ORDER BY records DESC, name LIMIT ${MOST_UNKNOWN_NAMES}`)
  return reader.getRows().map(([name, records]) => [String(name), Number(records)])
}
