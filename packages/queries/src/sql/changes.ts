import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteText } from '@millrace/engine'
import { withoutTexts } from './statements.ts'
import { type NamedTable, nameOf, schemaOf } from './tables.ts'

/** What a statement would change. */
export interface Change {
  /** Its first words, such as `INSERT INTO`. */
  readonly verb: string
  readonly table: NamedTable
}

const WORD = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`
const NAME = String.raw`(?<name>${WORD}(?:\s*\.\s*${WORD})*)`

const CHANGES = new RegExp(
  String.raw`\b(?<verb>insert\s+(?:or\s+\w+\s+)?into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?|` +
    String.raw`(?:alter|drop)\s+(?:table|view)(?:\s+if\s+exists)?|copy(?=[^;]*\sfrom\s))\s+${NAME}`,
  'iu',
)

const CREATES = new RegExp(
  String.raw`^\s*(?<verb>create\s+(?:or\s+replace\s+)?(?:table|(?:recursive\s+)?view))(?:\s+if\s+not\s+exists)?\s+${NAME}`,
  'iu',
)

/** Returns which table a statement other than SELECT would change. */
export function changeOf(sql: string): Change | undefined {
  return changeBy(CHANGES, sql)
}

/** Refuses to create what would be gone at the end of the session, unless that was asked for. */
export function refuseCreation(sql: string): void {
  const creation = changeBy(CREATES, sql)
  if (creation === undefined) return
  const [kind, { name }] = [/view$/i.test(creation.verb) ? 'VIEW' : 'TABLE', creation.table]
  throw new MillraceError('QUERY_FAILED', `${creation.verb} ${name}: SQL makes nothing in the lake`, {
    next: `Write CREATE TEMP ${kind} for one that lasts as long as this session. ${WHERE_ROWS_COME_FROM}`,
  })
}

/** `writes`: other statements may change the rows of tables. */
export function refusedChange({ verb, table }: Change, writes: boolean): MillraceError {
  const does = writes
    ? 'SQL changes nothing of the tables of the lake but their rows'
    : 'SQL only reads the tables of the lake'
  return new MillraceError('QUERY_FAILED', `${verb} ${nameOf(table)}: ${does}`, {
    next: `${WHERE_ROWS_COME_FROM} CREATE TEMP TABLE makes one of your own, from a SELECT; it lasts as long as this session.`,
  })
}

const WHERE_ROWS_COME_FROM = 'Rows come into tables of the lake from a source or by the daily run.'

function changeBy(pattern: RegExp, sql: string): Change | undefined {
  const groups = pattern.exec(withoutTexts(sql))?.groups
  if (groups === undefined) return undefined
  const { verb = '', name: qualified = '' } = groups
  const words = [...qualified.matchAll(new RegExp(WORD, 'gu'))].map(([word]) => unquoted(word))
  const [name = '', schema = ''] = words.toReversed()
  const table = { schema: schemaOf(schema), name, viewName: name }
  return { verb: verb.toUpperCase().replace(/\s+/g, ' '), table }
}

function unquoted(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word
}

/** Returns whether the session has made a table of that name for itself. */
export async function isOwn(name: string, connection: DuckDBConnection): Promise<boolean> {
  const own = `FROM duckdb_tables() WHERE lower(table_name) = lower(${quoteText(name)})`
  return (await connection.runAndReadAll(own)).currentRowCount > 0
}
