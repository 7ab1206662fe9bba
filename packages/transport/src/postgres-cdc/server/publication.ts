import { MillraceError } from '@millrace/base'
import { quoteTable, type Table } from '../table/table.ts'
import { unsuited } from './postgres-error.ts'
import { quoteName, quoteText, type Server } from './server.ts'

export interface Publication {
  readonly name: string
  /** Whether it is ours to make and to alter. */
  readonly isOwn: boolean
}

/** Makes the publication, or adds the table to it. One that the user has made is only looked at. */
export async function publish(server: Server, publication: Publication, table: Table): Promise<void> {
  const { name, isOwn } = publication
  if (!isOwn || (await isPublished(server, name, table))) return checkPublished(server, publication, table)
  const [there] = await server.rows(`SELECT 1 FROM pg_publication WHERE pubname = ${quoteText(name)}`)
  const statement = there
    ? `ALTER PUBLICATION ${quoteName(name)} ADD TABLE ${quoteTable(table)}`
    : creation(name, table)
  try {
    await server.rows(statement)
  } catch (error) {
    // Another worker of the group was faster.
    if (!(await isPublished(server, name, table).catch(() => false))) throw withStatement(error, statement)
  }
}

const creation = (name: string, table: Table) =>
  `CREATE PUBLICATION ${quoteName(name)} FOR TABLE ${quoteTable(table)} WITH (publish_via_partition_root = true)`

function withStatement(error: unknown, statement: string): unknown {
  if (!(error instanceof MillraceError) || error.code !== 'SOURCE_DENIED') return error
  return new MillraceError(error.code, error.message, {
    cause: error,
    next: `Let the owner of the table say: ${statement}. Name a publication of another name as ?publication=NAME.`,
  })
}

async function isPublished(server: Server, name: string, { schema, name: table }: Table): Promise<boolean> {
  const found = await server.rows(
    `SELECT 1 FROM pg_publication_tables WHERE pubname = ${quoteText(name)} AND schemaname = ${quoteText(schema)} AND tablename = ${quoteText(table)}`,
  )
  return found.length > 0
}

/** Fails where the publication would not tell every change of the table whole. */
export async function checkPublished(server: Server, { name, isOwn }: Publication, table: Table): Promise<void> {
  const topic = `${table.schema}.${table.name}`
  const [found] = await server.rows(
    `SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate, pubviaroot FROM pg_publication WHERE pubname = ${quoteText(name)}`,
  )
  if (!found) {
    const next = `Let the owner of the table say: ${creation(name, table)}. What changed while it was missing is lost: read the table anew with a new group.`
    throw unsuited(`there is no publication ${name}`, next)
  }
  const [isWhole, isViaRoot] = found
  if (isWhole !== 't') {
    throw unsuited(
      `publication ${name} leaves out some kinds of changes`,
      `ALTER PUBLICATION ${quoteName(name)} SET (publish = 'insert, update, delete, truncate').`,
    )
  }
  if (table.isPartitioned && isViaRoot !== 't') {
    throw unsuited(
      `publication ${name} has the partitions of ${topic} in place of the table`,
      `ALTER PUBLICATION ${quoteName(name)} SET (publish_via_partition_root = true).`,
    )
  }
  if (!(await isPublished(server, name, table))) {
    const again = isOwn ? ' What changed meanwhile is lost: read the table anew with a new group.' : ''
    throw unsuited(
      `table ${topic} is not in publication ${name}`,
      `ALTER PUBLICATION ${quoteName(name)} ADD TABLE ${quoteTable(table)}.${again}`,
    )
  }
  const [part] = await server.rows(
    `SELECT p->>'rowfilter', json_array_length(p->'attnames') FROM (SELECT to_json(t) AS p FROM pg_publication_tables t
     WHERE pubname = ${quoteText(name)} AND schemaname = ${quoteText(table.schema)} AND tablename = ${quoteText(table.name)}) AS published`,
  )
  const [filter, columns] = part ?? []
  if (filter != null || (columns != null && Number(columns) < table.columns.length)) {
    throw unsuited(
      `publication ${name} has only some rows or columns of ${topic}`,
      `Publish the table whole: ALTER PUBLICATION ${quoteName(name)} SET TABLE ${quoteTable(table)}, with its other tables.`,
    )
  }
}
