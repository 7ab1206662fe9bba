import { MillraceError } from '@millrace/base'
import { openTable } from '@millrace/delta'
import type { ObjectStore } from '@millrace/store'
import { openAttached } from '../attach.ts'
import { changeOf, isOwn } from '../changes.ts'
import type { SessionEngine } from '../engine.ts'
import { type AsOf, pathOf, type TableNames } from '../tables.ts'
import { parseWrite } from './parse.ts'
import { resultSql, runWrite, treesOf } from './run.ts'

interface LakeSession {
  readonly store: ObjectStore
  readonly engine: SessionEngine
  readonly asOf?: AsOf | undefined
  readonly tables?: TableNames | undefined
  readonly explains?: boolean
  /** Whether what a statement says can be told by its text alone. */
  readonly prunes: boolean
}

/** Carries the statement out if it changes a table of the lake, and returns a SELECT of what it has done. */
export async function changeLake(
  sql: string,
  { store, engine, asOf, tables = {}, explains = false, prunes }: LakeSession,
): Promise<string | undefined> {
  const change = changeOf(sql)
  if (change === undefined || (await isOwn(change.table.name, engine.connection()))) return undefined
  const { write, explained = false } = parseWrite(sql) ?? {}
  if (!write) return undefined
  const { schema, name } = write.table
  const snapshot = await openTable({ store, path: schema === '' ? pathOf(name, tables) : `${schema}/${name}` })
  if (!snapshot) return undefined
  if (asOf) throw new MillraceError('USAGE', "an older version can't be changed", { next: 'Leave --as-of out.' })
  const trees = await treesOf(write, snapshot, engine.connection())
  await engine.reachFor({ all: [trees.changes, trees.source] })
  const connection = engine.connection()
  await using attached = openAttached({ connection, store, asOf, tables, tree: undefined })
  try {
    const dryRun = explains || explained
    return resultSql(await runWrite(write, sql, trees, snapshot, { connection, attached, prunes, dryRun }))
  } catch (error) {
    throw await attached.explain(error)
  }
}
