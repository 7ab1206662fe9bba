import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { commitTimes, type OpenScan, openChanges, openTable, type TableRef, tableUrl } from '@millrace/delta'
import { type NamedTable, schemaOf, timeOf } from './tables.ts'
import { type Node, nodesOf, replaced } from './tree.ts'

/** `table_changes('orders', 3, 7)` in a statement. */
export interface ChangesRead {
  readonly table: Pick<NamedTable, 'schema' | 'name'>
  /** Versions, or times as texts. */
  readonly from: string
  readonly to: string | undefined
  /** Name of its view in DuckDB. */
  readonly viewName: string
}

const FUNCTION = 'table_changes'

/** Finds the reads of changes in SELECTs, and puts the names of views in their place. */
export function readsOfChanges(tree: Node | undefined): { tree: Node | undefined; changes: readonly ChangesRead[] } {
  const changes = new Map<string, ChangesRead>()
  if (tree === undefined) return { tree, changes: [] }
  const renamed = replaced(tree, (node) => {
    const called = node.function as Node | undefined
    if (node.type !== 'TABLE_FUNCTION' || String(called?.function_name).toLowerCase() !== FUNCTION) return node
    const read = readOf(nodesOf(called?.children))
    changes.set(read.viewName, read)
    const { alias, sample = null, query_location, column_name_alias = [] } = node
    const place = { schema_name: '', table_name: read.viewName, catalog_name: '', at_clause: null }
    return { type: 'BASE_TABLE', alias: alias || FUNCTION, sample, query_location, column_name_alias, ...place }
  })
  return { tree: changes.size > 0 ? (renamed as Node) : tree, changes: [...changes.values()] }
}

function readOf(parts: readonly Node[]): ChangesRead {
  const [table, from, to] = parts.map(textOf)
  if (table === undefined || from === undefined || parts.length > 3 || (parts.length === 3 && to === undefined)) {
    throw new MillraceError(
      'QUERY_FAILED',
      `${FUNCTION} is asked for something else than a table and versions or times`,
      {
        next: `Write ${FUNCTION}('orders', 3), ${FUNCTION}('orders', 3, 7) or ${FUNCTION}('orders', '2026-01-31', '2026-02-01 12:00').`,
      },
    )
  }
  const [name = '', schema = ''] = table.split('.').toReversed()
  // No sign of it may look like a file's name.
  const viewName = `${FUNCTION}_${Buffer.from(JSON.stringify([table, from, to])).toString('hex')}`
  return { table: { schema: schemaOf(schema), name }, from, to, viewName }
}

function textOf({ type, value, child }: Node): string | undefined {
  if (type === 'OPERATOR_CAST') return textOf(child as Node)
  const { is_null, value: constant } = (type === 'VALUE_CONSTANT' ? value : { is_null: true }) as Node
  return is_null ? undefined : String(constant)
}

/** Opens the changes between the versions, or between the first commit not before a time and the last not after one. */
export async function openChangesRead(
  table: TableRef,
  { from, to }: ChangesRead,
  connection: DuckDBConnection,
): Promise<OpenScan> {
  const newest = (await openTable(table))?.version
  if (newest === undefined) throw new MillraceError('TABLE_NOT_FOUND', `there is no table at ${tableUrl(table)}`)
  const [least, greatest] = [
    await versionOf(table, from, 'first'),
    to === undefined ? newest : await versionOf(table, to, 'last'),
  ]
  if (least > greatest) {
    throw new MillraceError('QUERY_FAILED', `${FUNCTION}: there is no version between ${from} and ${to ?? newest}`, {
      next: 'Choose versions or times that `millrace history` shows, the earlier one first.',
    })
  }
  return openChanges(table, { from: least, to: greatest }, connection)
}

async function versionOf(table: TableRef, text: string, side: 'first' | 'last'): Promise<number> {
  if (/^\d+$/.test(text)) return Number(text)
  const time = timeOf(text)
  if (time === undefined)
    throw new MillraceError('QUERY_FAILED', `${FUNCTION}: ${text} is neither a version nor a time`)
  const times = [...(await commitTimes(table, 0))]
  const found = side === 'first' ? times.find(([, made]) => made >= time) : times.findLast(([, made]) => made <= time)
  return found?.[0] ?? (side === 'first' ? Number.MAX_SAFE_INTEGER : -1)
}
