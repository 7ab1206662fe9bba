import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '@duckdb/node-api'
import { systemRuntime } from '@millrace/base'
import { openDuckDB } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import { openLake } from '@millrace/store'
import {
  type CommitResult,
  committedOrThrow,
  type DataType,
  type NewTable,
  openOrCreate,
  openScan,
  openTable,
  type Predicate,
  planScan,
  type Snapshot,
  type StructField,
  type StructType,
  type TableRef,
  type WriteContext,
} from '../src/index.ts'

/** A place to write tables in, gone when it is closed. */
export interface TestTables extends WriteContext {
  readonly lake: string
  readonly store: ObjectStore
  /** A table with a name of its own. */
  table(): TableRef
  create(wanted: NewTable): Promise<Snapshot>
  /** What `select` says of the snapshot's rows, which it calls `rows`. */
  ask(snapshot: Snapshot, select: string): Promise<Record<string, Json>[]>
  close(): Promise<void>
}

/** Its lake is a folder, or what `open` opens with a folder of its own. */
export async function openTestTables(
  open: (folder: string) => Promise<ObjectStore> = (folder) => openLake(join(folder, 'lake')),
): Promise<TestTables> {
  const runtime = systemRuntime
  const root = await mkdtemp(join(tmpdir(), 'millrace-lake-'))
  const store = await open(root)
  const engine = await openDuckDB({ files: 'all' })
  const connection = await engine.connect()
  let tables = 0
  const table = () => ({ store, path: `table${tables++}` })
  return {
    lake: join(root, 'lake'),
    store,
    connection,
    runtime,
    folder: join(root, 'staging'),
    table,
    create: (wanted) => openOrCreate(table(), wanted, runtime),
    async ask(snapshot, select) {
      await using rows = await openScan(planScan(snapshot), connection)
      const result = await connection.runAndReadAll(`WITH rows AS (${rows.sql}) ${select}`)
      return result.getRowObjectsJson()
    },
    async close() {
      connection.closeSync()
      engine.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** Holds for every row. */
export const EVERY_ROW: Predicate = { op: 'and', of: [] }

export function column(name: string, type: DataType, nullable = true): StructField {
  return { name, type, nullable, metadata: {} }
}

export function struct(...fields: StructField[]): StructType {
  return { type: 'struct', fields }
}

export async function reopened({ table }: Snapshot): Promise<Snapshot> {
  const snapshot = await openTable(table)
  if (!snapshot) throw new Error('the table is gone')
  return snapshot
}

export async function committed(result: Promise<CommitResult>): Promise<Snapshot> {
  return committedOrThrow(await result)
}
