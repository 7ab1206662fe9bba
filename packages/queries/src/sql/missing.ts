import { MillraceError, nearest } from '@millrace/base'
import { BATCH } from '../runs.ts'
import { type NamedTable, nameOf } from './tables.ts'

/** Matches DuckDB's error for a name that is in no schema. */
const MISSING = /^Catalog Error: Table with name "?(.+?)"? does not exist/

/** Matches a suggestion out of DuckDB's own schemas. */
const FOREIGN = /\nDid you mean "(?:pg_|duckdb_|sqlite_|pragma_|information_schema)[^\n]*"\?/

const SUGGESTION = /\nDid you mean "[^\n]*"\?/

/** Number of tables that an error names. */
const MOST_NAMES = 20

/** Returns the tables that an error may say are missing. DuckDB names the schema only if that is missing too. */
export function missingTables(error: unknown): NamedTable[] {
  const missing = error instanceof Error ? MISSING.exec(error.message)?.[1] : undefined
  if (missing === undefined) return []
  const [schema, name] = missing.startsWith(`${BATCH}.`) ? [BATCH, missing.slice(BATCH.length + 1)] : ['', missing]
  const schemas = schema === '' ? ['', BATCH] : [schema]
  return schemas.map((one) => ({ schema: one, name, viewName: name }))
}

/** Returns the error with suggestions of the lake's tables in place of DuckDB's own. */
export async function explainMissing(error: unknown, names: () => Promise<readonly string[]>): Promise<unknown> {
  const [missing] = missingTables(error)
  if (missing === undefined || !(error instanceof Error)) return error
  const there = await names()
  const meant =
    nearest(nameOf(missing), there) ?? there.find((name) => nearest(nameOf(missing), [lastPart(name)]) !== undefined)
  const message = meant === undefined ? error.message.replace(FOREIGN, '') : suggesting(error.message, meant)
  return new MillraceError('QUERY_FAILED', message, { cause: error, next: `${listed(there)}.` })
}

function suggesting(message: string, meant: string): string {
  const [first = '', ...others] = message.replace(SUGGESTION, '').split('\n')
  return [first, `Did you mean "${meant}"?`, ...others].join('\n')
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'The lake has no tables yet: check its address'
  const more = names.length - MOST_NAMES
  return `There are ${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more: SHOW ALL TABLES` : ''}`
}
