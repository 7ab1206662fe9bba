import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError, systemRuntime } from '@millrace/base'
import {
  type Changed,
  changeRows,
  planScan,
  type RowStatement,
  type RowsRead,
  type Snapshot,
  type StructField,
  TARGET,
} from '@millrace/delta'
import { temporaryFolderOf } from '@millrace/engine'
import type { Attached } from '../attach.ts'
import { neededRows } from '../pushdown.ts'
import { type ChangesRead, readsOfChanges } from '../reads-of-changes.ts'
import { keyOf, tablesOf, withViewNames } from '../tables.ts'
import { type Node, parseSelects, renderSelects } from '../tree.ts'
import type { Sql } from './assignments.ts'
import { bindOriginal } from './bind.ts'
import type { Write } from './parse.ts'
import { type Rendered, render, SOURCE } from './render.ts'
import { keepSource, matchingRows, type Source, sourceAlias, sourceQuery } from './source.ts'

export interface WriteSurroundings {
  readonly connection: DuckDBConnection
  readonly attached: Attached
  /** Whether what a statement says can be told by its text alone. */
  readonly prunes: boolean
  readonly dryRun: boolean
}

/** The trees of what a statement selects: for knowing which tables and files it reads. */
export interface WriteTrees {
  readonly changes: Node
  readonly source: Node | undefined
  readonly ofChanges: readonly ChangesRead[]
}

const OPERATIONS = { delete: 'DELETE', update: 'UPDATE', insert: 'WRITE', merge: 'MERGE' } as const

export async function treesOf(write: Write, snapshot: Snapshot, connection: DuckDBConnection): Promise<WriteTrees> {
  const source = write.kind === 'merge' ? await parsed(sourceQuery(write), connection) : undefined
  const shape = source && { alias: sourceAlias(source), columns: [] }
  const { sql } = render(write, planScan(snapshot).columns, shape)
  const read = readsOfChanges({ changes: await parsed(sql, connection), source })
  const { changes, source: from } = read.tree as { changes: Node; source: Node | undefined }
  return { changes, source: from, ofChanges: read.changes }
}

/** Carries out a statement on a table of the lake. */
export async function runWrite(
  write: Write,
  sql: Sql,
  trees: WriteTrees,
  base: Snapshot,
  { connection, attached, prunes, dryRun }: WriteSurroundings,
): Promise<Changed> {
  const tables = tablesOf({ all: [trees.changes, trees.source] })
  const isOwn = (name: string) => name === TARGET || name === SOURCE
  const isTarget = (table: (typeof tables)[number]) => keyOf(table) === keyOf(write.table)
  for (const asked of trees.ofChanges) await attached.addChanges(asked)
  await attached.add(tables.filter((table) => !isOwn(table.name) && !isTarget(table)))
  await bindOriginal(sql, write.table, planScan(base).columns, trees, connection)
  await attached.add(tables.filter(isTarget))
  const readsItself = tables.some((table) => isTarget(table) && table.at === undefined)
  const source = trees.source && write.kind === 'merge' ? await sourceOf(write, trees.source, connection) : undefined
  const make = async (snapshot: Snapshot): Promise<RowStatement> => {
    const fields = planScan(snapshot).columns
    const rendered = render(write, fields, source)
    const reads = await readsOf(write, rendered, fields, source, prunes, connection)
    return {
      operation: OPERATIONS[write.kind],
      parameters: parametersOf(write),
      reads: readsItself ? { where: undefined } : reads,
      actions: rendered.actions,
      columns: rendered.columns,
      sql: await viewed(rendered.sql, connection),
    }
  }
  const folder = await temporaryFolderOf(connection)
  return changeRows(base, make, { connection, folder, runtime: systemRuntime }, { dryRun })
}

async function sourceOf(write: Write & { kind: 'merge' }, tree: Node, connection: DuckDBConnection): Promise<Source> {
  return keepSource(await viewed(sourceQuery(write), connection), sourceAlias(tree), connection)
}

/** Returns SELECTs with the names of views for older versions and for changes. */
async function viewed(sql: Sql, connection: DuckDBConnection): Promise<Sql> {
  const tree = await parsed(sql, connection)
  const { tree: named = tree, changes } = readsOfChanges(tree)
  return withViewNames(connection, named, changes.length > 0 ? await renderSelects(connection, named) : sql)
}

/** Returns which rows of the table the statement may read, by its WHERE or ON and by the source's keys. */
async function readsOf(
  write: Write,
  { reads }: Rendered,
  fields: readonly StructField[],
  source: Source | undefined,
  prunes: boolean,
  connection: DuckDBConnection,
): Promise<RowsRead | undefined> {
  if (write.kind === 'insert') return undefined
  if (reads === undefined || !prunes) return { where: undefined }
  const tree = await parsed(reads, connection)
  const where = neededRows(tree, { schema: '', name: TARGET, viewName: TARGET }, fields)
  const matching = write.kind === 'merge' && source && (await matchingRows(write, tree, fields, source, connection))
  if (!matching) return { where }
  return { ...matching, where: { op: 'and', of: [where, matching.where].filter((part) => part !== undefined) } }
}

function parametersOf(write: Write): Record<string, string> {
  if (write.kind === 'insert') return { mode: 'Append' }
  if (write.kind === 'merge') return { predicate: 'using' in write.on ? write.on.using.join(', ') : write.on.condition }
  return write.where === undefined ? {} : { predicate: write.where }
}

async function parsed(sql: Sql, connection: DuckDBConnection): Promise<Node> {
  const tree = await parseSelects(connection, sql)
  if (tree) return tree
  throw new MillraceError('QUERY_FAILED', 'the statement has a form that is not taken for tables of a lake', {
    next: 'Write DELETE FROM t WHERE …, UPDATE t SET a = … WHERE …, INSERT INTO t SELECT … or MERGE INTO t USING … ON … WHEN ….',
  })
}

/** Selects what a statement has done, or would do, as a row. */
export function resultSql({ deleted, updated, inserted, filesRead, filesChanged, version }: Changed): Sql {
  return `SELECT ${deleted} AS deleted, ${updated} AS updated, ${inserted} AS inserted, ${filesRead} AS files_read,
    ${filesChanged} AS files_changed, ${version ?? 'NULL'}::INTEGER AS version`
}
