import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { duckdbType, type StructField } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import type { NamedTable } from '../tables.ts'
import { isOpenFunction, type Node, partsOf } from '../tree.ts'
import type { Sql } from './assignments.ts'
import { wordsOf } from './words.ts'

/**
 * Lets DuckDB bind the statement as it is written to an empty table of the same columns, so that what it says of a
 * mistake is about the statement that was given. One that reads an older version is bound only in parts, later.
 */
export async function bindOriginal(
  sql: Sql,
  { schema, name }: NamedTable,
  fields: readonly StructField[],
  { changes, source }: { readonly changes: Node; readonly source: Node | undefined },
  connection: DuckDBConnection,
): Promise<void> {
  const parts = [...partsOf({ changes, source })]
  if (parts.some((part) => part.at_clause || isOpenFunction(part)) || /\btable_changes\b/i.test(sql)) return
  const columns = fields.map((field) => `${quoteName(field.name)} ${duckdbType(field.type)}`)
  const place = schema === '' ? quoteName(name) : `memory.${quoteName(schema)}.${quoteName(name)}`
  if (schema !== '') await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`)
  await connection.run(`CREATE ${schema === '' ? 'TEMP ' : ''}TABLE ${place} (${columns.join(', ')})`)
  try {
    const prepared = await connection.prepare(byNames(sql))
    prepared.destroySync()
  } catch (cause) {
    throw new MillraceError('QUERY_FAILED', (cause as Error).message, { cause })
  } finally {
    await connection.run(`DROP TABLE ${place}`)
  }
}

/** Replaces `UPDATE SET *` and `INSERT *`, which mean the columns by name here, by what DuckDB calls that. */
function byNames(sql: Sql): Sql {
  const words = wordsOf(sql)
  const stars = words.filter(({ text }, i) => {
    const before = words[i - 1]?.text
    return text === '*' && (before === 'INSERT' || (before === 'SET' && words[i - 2]?.text === 'UPDATE'))
  })
  return stars.reduceRight((text, star) => {
    const before = words[words.indexOf(star) - 1]
    const from = before?.text === 'SET' ? before.from : star.from
    return `${text.slice(0, from)}BY NAME${text.slice(star.to)}`
  }, sql)
}
