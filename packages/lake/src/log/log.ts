import type { ObjectStore } from '../store/store.ts'
import { type Actions, decodeActions } from './actions.ts'

/** A Delta table's place: a store and the folder in it. */
export interface TableRef {
  readonly store: ObjectStore
  readonly path: string
}

export function tableUrl(table: TableRef): string {
  return `${table.store.url}/${table.path}`
}

export function logKey(table: TableRef, name: string): string {
  return `${table.path}/_delta_log/${name}`
}

export function commitName(version: number): string {
  return `${String(version).padStart(20, '0')}.json`
}

export function dataKey(table: TableRef, addPath: string): string {
  return `${table.path}/${decodeURIComponent(addPath)}`
}

const COMMIT = /\/(\d{20})\.json$/

/** The versions after `after` that the log holds as commits, in order. */
export async function listCommits(table: TableRef, after: number): Promise<number[]> {
  const versions: number[] = []
  for await (const { key } of table.store.list(logKey(table, ''), logKey(table, commitName(after)))) {
    const match = COMMIT.exec(key)
    if (match?.[1] !== undefined) versions.push(Number(match[1]))
  }
  return versions
}

export async function readCommit(table: TableRef, version: number): Promise<Actions | undefined> {
  const bytes = await table.store.get(logKey(table, commitName(version)))
  return bytes && decodeActions(bytes, `${tableUrl(table)} version ${version}`)
}
